/* SPDX-License-Identifier: GPL-3.0-or-later */
/*
 * The list that `hotpath sites` reads: a section that is not loaded, of strings which the linker merges (runtime/abi.h).
 *
 * Written as assembly at the top level of the unit: that goes into LTO's stream too, and into the section of the program that
 * the link makes of it.
 */
#define INCLUDE_MAP
#define INCLUDE_STRING
#include "plugin.h"

static std::string list;
static std::map<const struct rule *, bool> decided;

/* put_field: a tab and a text, in which tabs, ends of lines and backslashes are escaped, as assembly. */
static void put_field(const char *text)
{
	list += "\\t";
	for (const char *c = text ? text : ""; *c; c++) {
		char octal[8];

		if (*c == '\t')
			list += "\\\\t";
		else if (*c == '\n')
			list += "\\\\n";
		else if (*c == '\\')
			list += "\\\\\\\\";
		else if (*c == '"')
			list += "\\\"";
		else if (ISPRINT((unsigned char)*c))
			list += *c;
		else {
			snprintf(octal, sizeof(octal), "\\%03o", (unsigned char)*c);
			list += octal;
		}
	}
}

static void put_number(unsigned number)
{
	char digits[16];

	snprintf(digits, sizeof(digits), "%u", number);
	put_field(digits);
}

static void begin(const char *what)
{
	list += "\t.string \"";
	list += what;
}

static void end(void)
{
	list += "\"\n";
}

/* put_rule: its text as messages have it, and its file from the folder of hotpath.yaml. */
static void put_rule(const char *what, const struct rule *rule)
{
	const char *config = plugin.project.config, *file = rule->file ? rule->file : "";
	const size_t folder = config ? lbasename(config) - config : 0;
	char *text = choose_rule_text(rule);

	begin(what);
	put_field(text);
	put_field(strncmp(file, config ? config : "", folder) == 0 ? file + folder
								   : lbasename(file));
	end();
	free(text);
}

void list_rule(const struct rule *rule)
{
	decided[rule] = true;
}

void list_site(const struct names *names, const struct choice *choice)
{
	const struct rules_subject *s = &names->subject;

	begin("S");
	put_number(choice->kind);
	put_number(names->language);
	put_number(choice->sample);
	put_number(s->line);
	put_field(remap_macro_filename(s->file));
	put_field(s->qualified);
	put_field(s->mangled);
	put_field(choice->label);
	put_field(choice->group);
	put_field(choice->rule);
	end();
}

void list_obstacle(const struct rules_subject *subject, enum hotpath_kind kind, const char *rule,
		   const char *reason)
{
	begin("U");
	put_number(kind);
	put_number(subject->line);
	put_field(remap_macro_filename(subject->file));
	put_field(subject->qualified);
	put_field(rule);
	put_field(reason);
	end();
}

void list_finish(void)
{
	std::string text = "\t.pushsection " HOTPATH_LIST_SECTION
			   ",\"MS\",%progbits,1\n\t.string \"" HOTPATH_LIST_VERSION "\"\n";

	if (list.empty() && !rules_count(plugin.rules))
		return;
	for (size_t i = 0; i < rules_count(plugin.rules); i++) {
		const struct rule *rule = rules_at(plugin.rules, i);

		put_rule("R", rule);
		if (decided[rule])
			put_rule("M", rule);
	}
	text += list + "\t.popsection\n";
	symtab->finalize_toplevel_asm(build_string(text.length(), text.c_str()));
	list.clear();
}
