# targets of examples/
