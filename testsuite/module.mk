# targets of testsuite/
