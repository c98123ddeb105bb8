#!/usr/bin/perl
# SPDX-License-Identifier: GPL-3.0-or-later
#
# What DejaGnu's directives in a test of GCC ask for on this machine, x86-64 Linux.
#
# usage: dg.pl FILE FOLDER
#
#   FOLDER   in place of ${srcdir}
#
# Prints four lines:
#
#   options          of dg-options (the last one that holds) and dg-additional-options; for C++ with the first standard that the
#                    test is for, where that is not the compiler's own
#   sources          that it is built with (dg-additional-sources)
#   run, or a reason why it is not: "another target", or the target that it requires
#   fails or passes  dg-shouldfail
use strict;
use warnings;

my ($file, $folder) = @ARGV;
my ($here) = $file =~ m{^(.*)/};
my $machine = 'x86_64-pc-linux-gnu';
my %standards = (98 => 98, 11 => 11, 14 => 14, 17 => 17, '1z' => 17, 20 => 20, '2a' => 20, 23 => 23, '2b' => 23);
my $standard = 17;

# is WORD: a triplet, or an effective target.  What is not known is so: a test that needs more does not build, or does not pass.
sub is
{
	my $word = shift;

	if ($word =~ /\*/) {
		my $pattern = join '.*', map { join '.', map { quotemeta } split /\?/, $_, -1 } split /\*/, $word, -1;
		return $machine =~ /^$pattern$/;
	}
	if ($word =~ /^c\+\+(..)(?:_(only|down))?$/ && $standards{$1}) {
		my $wanted = $standards{$1} == 98 ? 0 : $standards{$1};
		my $given = $standard == 98 ? 0 : $standard;
		return $2 ? $2 eq 'only' ? $given == $wanted : $given <= $wanted : $given >= $wanted;
	}
	# What a driver script does between two commands is not done here.
	return $word !~ /^(?:ia32|ilp32|llp64|x32|int16|avr|ptr_eq_short|newlib.*|run_expensive_tests|pow10|bmi2|lto_incremental|offload_device|f?openacc|vmx_hw
		|(?:arm|aarch64|powerpc|ppc|mips|s390|sparc|ia64|riscv|hwaddress).*)$/x;
}

# holds SELECTOR: words beside each other are alternatives.
sub holds
{
	my $code = '';
	my $last = '';

	for my $token ($_[0] =~ /[{}!]|&&|\|\||[^\s{}!&|]+/g) {
		next if $token eq 'target';
		last if $token eq 'xfail';
		my $operand = $token =~ /^(?:[{!]|[^&|}].*)$/;
		$code .= ' || ' if $operand && $last eq 'operand';
		$last = $token =~ /^(?:[{!]|&&|\|\|)$/ ? '' : 'operand';
		$code .= $token eq '{' ? '(' : $token eq '}' ? ')' : $token =~ /^(?:!|&&|\|\|)$/ ? " $token " : is($token) ? 1 : 0;
	}
	return 1 if $code !~ /\d/;
	$code .= ')' x (($code =~ tr/(//) - ($code =~ tr/)//));
	my $value = eval $code;
	die "$file: $_[0]: $@" if $@;
	return $value;
}

# words TEXT: what it begins with, quoted, in braces or one word; and what follows.
sub words
{
	my $text = shift;

	return ($1, $2) if $text =~ /^\s*"((?:[^"\\]|\\.)*)"(.*)/ || $text =~ /^\s*\{\s*"([^"}]*)"\s*\}(.*)/ || $text =~ /^\s*\{([^}]*)\}(.*)/ ||
		$text =~ /^\s*(\S+)(.*)/;
	return ('', '');
}

# selected TEXT: its { target ... } holds, or it has none.
sub selected
{
	return $_[0] !~ /^\s*(\{(?:[^{}]|(?1))*\})/ || holds(substr($1, 1, -1));
}

open my $in, '<', $file or die "$file: $!\n";
my @directives;
while (<$in>) {
	push @directives, [$1, $2] while /\{\s*dg-([a-z-]+)\s*((?:(?!\{\s*dg-).)*)/g;
}
close $in;

# read_all: all that the directives say under the standard that is given.
sub read_all
{
	my %said = (do => 0, runs => 0, options => '', more => '', sources => '', fails => 'passes', reason => '');

	for (@directives) {
		my ($name, $text) = @$_;
		my ($value, $rest) = words($text);

		if ($name eq 'do' && $value =~ /^run\b/) {
			$said{do} = 1;
			$said{runs} ||= selected($rest);
		} elsif ($name eq 'options' && selected($rest)) {
			$said{options} = $value;
		} elsif ($name eq 'additional-options' && selected($rest)) {
			$said{more} .= " $value";
		} elsif ($name eq 'additional-sources' && selected($rest)) {
			$said{sources} .= join '', map { "$here/$_ " } split ' ', $value;
		} elsif ($name eq 'require-effective-target' && selected($rest) && !is($value)) {
			$said{reason} ||= $value;
		} elsif ($name eq 'excess-errors' || $name eq 'set-target-env-var') {
			$said{reason} ||= "dg-$name";
		} elsif ($name eq 'shouldfail') {
			$said{fails} = 'fails';
		}
	}
	$said{reason} ||= 'another target' if $said{do} && !$said{runs};
	$said{options} .= $said{more};
	$said{options} =~ s/\$\{?srcdir\}?/$folder/g;
	return %said;
}

# The flags that the scripts of some folders give.
my $flags = $file =~ m{/coroutines/} ? '-std=gnu++20 -fcoroutines ' : $file =~ m{/gomp/} ? '-fopenmp ' : '';
my %said = read_all();
if ($file =~ /\.C$/) {
	if ("$flags$said{options}" =~ /-std=(?:gnu|c)\+\+(..)/) {
		$standard = $standards{$1} || 17;
		%said = read_all();
	} else {
		for (17, 20, 14, 98, 23) {
			$standard = $_;
			%said = read_all();
			last if !$said{reason};
		}
		$flags .= "-std=gnu++$standard " if $standard != 17 && !$said{reason};
	}
}
print "$flags$said{options}\n$said{sources}\n", $said{reason} || 'run', "\n$said{fails}\n";
