/* SPDX-License-Identifier: MIT */
#include "percentile.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../base/error.h"
#include "../segment/image.h"
#include "model.h"

uint64_t percentile_rank(double percent, uint64_t n)
{
	/* 99.9 / 100 * 1000 is a little above 999 in binary; a place must not move by that. */
	long double place = (long double)percent * (long double)n / 100.0L;
	uint64_t rank = (uint64_t)ceill(place - place * 1e-14L);

	if (rank < 1)
		return 1;
	return rank > n ? n : rank;
}

double percentile_of(const struct image_bucket *buckets, size_t n, double ns_per_tick,
		     double percent, double min_ns, double max_ns)
{
	uint64_t total = 0, seen = 0, rank;
	double ns = NAN;

	for (size_t i = 0; i < n; i++)
		total += buckets[i].count;
	if (total == 0)
		return NAN;
	rank = percentile_rank(percent, total);
	if (rank == total)
		return max_ns;
	if (rank == 1)
		return min_ns;
	for (size_t i = 0; i < n; i++) {
		seen += buckets[i].count;
		if (seen >= rank) {
			ns = hist_middle(buckets[i].bucket) * ns_per_tick;
			break;
		}
	}
	if (ns < min_ns)
		return min_ns;
	return ns > max_ns ? max_ns : ns;
}

double percentile_spread(const struct image_bucket *buckets, size_t n)
{
	double count = 0, sum = 0, squares = 0, mean;

	for (size_t i = 0; i < n; i++) {
		count += (double)buckets[i].count;
		sum += (double)buckets[i].count * hist_middle(buckets[i].bucket);
	}
	mean = sum / count;
	for (size_t i = 0; i < n; i++)
		squares += (double)buckets[i].count * pow(hist_middle(buckets[i].bucket) - mean, 2);
	return mean > 0 ? sqrt(squares / count) / mean : NAN;
}

/* One element of the list: digits with at most one point.  strtod() would take "inf", "0x5p" and a
 * locale's comma. */
static int parse_one(const char *text, size_t length, double *value)
{
	double number = 0, unit = 1;
	size_t digits = 0, points = 0;

	for (size_t i = 0; i < length; i++) {
		if (text[i] == '.' && points++ == 0)
			continue;
		if (!isdigit((unsigned char)text[i]))
			return -1;
		number = number * 10 + (text[i] - '0');
		unit *= points ? 10 : 1;
		digits++;
	}
	*value = number / unit;
	return digits > 0 && *value <= 100 ? 0 : -1;
}

int percentiles_parse(struct model_percentiles *list, const char *text, const char *from,
		      struct error *error)
{
	const char *at = text;

	memset(list, 0, sizeof(*list));
	for (;;) {
		size_t length = strcspn(at, ",");
		const char *next = at + length;

		while (length > 0 && isspace((unsigned char)*at))
			at++, length--;
		while (length > 0 && isspace((unsigned char)at[length - 1]))
			length--;
		if (list->n == MODEL_PERCENTILES)
			return error_set(error, ERR_USAGE, "%s: at most %d percentiles", from,
					 MODEL_PERCENTILES);
		if (length >= sizeof(list->text[0]) || parse_one(at, length, &list->value[list->n]))
			return error_set(error, ERR_USAGE,
					 "%s: '%.*s' is not a percentile: expected numbers from 0 "
					 "to 100 with commas between, such as 50,95,99.9",
					 from, (int)(length > 40 ? 40 : length), at);
		memcpy(list->text[list->n], at, length);
		for (size_t i = 0; i < list->n; i++)
			if (list->value[i] == list->value[list->n])
				return error_set(error, ERR_USAGE, "%s: %s is there twice", from,
						 list->text[list->n]);
		list->n++;
		if (!*next)
			return ERR_OK;
		at = next + 1;
	}
}
