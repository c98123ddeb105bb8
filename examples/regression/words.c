/* SPDX-License-Identifier: MIT */
/*
 * Counts words of made-up text.  With -DROUNDS=110 instead of 100 the function `scramble` takes a tenth longer, and no other:
 * what `hotpath ab` has to find (make demo-ab).
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifndef ROUNDS
#define ROUNDS 100
#endif

enum { LINES = 1500, LINE = 512, SLOTS = 4096 };

struct word {
	char text[16];
	unsigned count;
};

static struct word table[SLOTS];
static uint64_t seed = 1;

static uint64_t random_number(void)
{
	seed = seed * 6364136223846793005u + 1442695040888963407u;
	return seed >> 33;
}

__attribute__((noinline)) void write_line(char *line)
{
	for (int i = 0; i < LINE - 1; i++)
		line[i] = random_number() % 6 ? (char)('a' + random_number() % 4) : ' ';
	line[LINE - 1] = '\0';
}

/* The same number of steps for each line, so that a tenth more of them is a tenth more time. */
__attribute__((noinline)) uint32_t scramble(const char *line)
{
	uint32_t state = (uint32_t)line[0];

	for (int i = 0; i < ROUNDS * 100; i++) {
		state ^= state << 13;
		state ^= state >> 17;
		state ^= state << 5;
		__asm__ volatile("" : "+r"(state));
	}
	return state;
}

__attribute__((noinline)) int count_words(char *line)
{
	int n = 0;

	for (char *rest, *word = strtok_r(line, " ", &rest); word; word = strtok_r(NULL, " ", &rest)) {
		uint32_t slot = 2166136261u;

		for (const char *c = word; *c; c++)
			slot = (slot ^ (unsigned char)*c) * 16777619u;
		slot %= SLOTS;
		if (strlen(word) < sizeof(table[slot].text))
			strcpy(table[slot].text, word);
		table[slot].count++;
		n++;
	}
	return n;
}

static int by_count(const void *one, const void *other)
{
	const struct word *a = one, *b = other;

	return (a->count < b->count) - (a->count > b->count);
}

__attribute__((noinline)) void sort_words(void)
{
	static struct word copy[SLOTS];

	memcpy(copy, table, sizeof(copy));
	qsort(copy, SLOTS, sizeof(copy[0]), by_count);
}

int main(void)
{
	char line[LINE];
	uint32_t sum = 0;
	int words = 0;

	for (int i = 0; i < LINES; i++) {
		write_line(line);
		sum += scramble(line);
		words += count_words(line);
		if (i % 100 == 0)
			sort_words();
	}
	printf("%d words, %u\n", words, sum);
	return 0;
}
