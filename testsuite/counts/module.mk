# targets of testsuite/counts/
#
#   check-counts          bzip2, zlib, lua5.4 and sqlite3 from Debian's source, every function measured: counts equal gcov's, and
#                         their own tests pass as without the plugin; some ten minutes.  COUNTS="zlib" takes that one alone
#   check-counts-sample   bzip2 and zlib, for CI; says `skipped` where there is no source

COUNTS ?= bzip2 zlib lua5.4 sqlite3

.PHONY: check-counts check-counts-sample
check-counts: all
	@testsuite/counts/counts.sh "$(abspath $(B))" "$(CC)" $(COUNTS)
check-counts-sample: all
	@testsuite/counts/counts.sh "$(abspath $(B))" "$(CC)" bzip2 zlib
