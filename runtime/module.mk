# targets of runtime/
