# targets of cli/
