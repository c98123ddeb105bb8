# targets of plugin/
