/*
 * A whole result in memory: one array of cells and one of bytes that the cells refer to by offset, since both
 * move while they grow. Every cell's bytes are followed by a NUL, and a number is kept as its digits too, so
 * that any column can be read as text. The size of both is bounded.
 */

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "lib/base/err.h"
#include "lib/base/mem.h"
#include "lib/io/db.h"
#include "lib/io/db_priv.h"
#include "lib/io/uuid.h"

struct cell {
	enum db_type type; /* DB_NULL, DB_INT or DB_BLOB */
	int64_t number;    /* of DB_INT */
	size_t offset;     /* in bytes */
	size_t len;
};

struct db_rows {
	unsigned cols;
	size_t count; /* cells; a multiple of cols once it is complete */
	size_t cells_cap;
	struct cell *cells;
	size_t used, bytes_cap;
	char *bytes;
	size_t next; /* the row that db_next moves to; the current one is the one before */
};

struct db_rows *db_rows_new(unsigned cols)
{
	struct db_rows *rows = xcalloc(1, sizeof(*rows));

	assert(cols > 0);
	rows->cols = cols;
	return rows;
}

void db_rows_free(struct db_rows *rows)
{
	if (!rows)
		return;
	free(rows->cells);
	free(rows->bytes);
	free(rows);
}

static int add_cell(struct db_rows *rows, struct cell cell, struct err *e)
{
	if (rows->count >= (size_t)DB_MAX_ROWS * rows->cols)
		return err_set(e, ERR_PERM, "database: a result of more than %d rows", DB_MAX_ROWS);
	if (rows->count == rows->cells_cap) {
		rows->cells_cap = rows->cells_cap ? 2 * rows->cells_cap : rows->cols;
		rows->cells = xreallocarray(rows->cells, rows->cells_cap, sizeof(*rows->cells));
	}
	rows->cells[rows->count++] = cell;
	return 0;
}

int db_rows_add_null(struct db_rows *rows, struct err *e)
{
	return add_cell(rows, (struct cell){.type = DB_NULL}, e);
}

/* Makes room for len bytes and their NUL. */
static int reserve(struct db_rows *rows, size_t len, struct err *e)
{
	if (len >= DB_MAX_RESULT_BYTES - rows->used)
		return err_set(e, ERR_PERM, "database: a result of more than %d bytes", DB_MAX_RESULT_BYTES);

	size_t wanted = rows->used + len + 1;

	if (wanted > rows->bytes_cap) {
		rows->bytes_cap = wanted > 2 * rows->bytes_cap ? wanted : 2 * rows->bytes_cap;
		rows->bytes = xrealloc(rows->bytes, rows->bytes_cap);
	}
	return 0;
}

int db_rows_add_bytes(struct db_rows *rows, size_t len, char **ret_place, struct err *e)
{
	if (reserve(rows, len, e) < 0 ||
		add_cell(rows, (struct cell){.type = DB_BLOB, .offset = rows->used, .len = len}, e) < 0)
		return -1;
	*ret_place = rows->bytes + rows->used;
	rows->bytes[rows->used + len] = '\0';
	rows->used += len + 1;
	return 0;
}

int db_rows_add_int(struct db_rows *rows, int64_t v, struct err *e)
{
	char digits[24], *place = NULL;
	int len = snprintf(digits, sizeof(digits), "%" PRId64, v);

	assert(len > 0);
	if (db_rows_add_bytes(rows, (size_t)len, &place, e) < 0)
		return -1;
	memcpy(place, digits, (size_t)len);
	rows->cells[rows->count - 1].type = DB_INT;
	rows->cells[rows->count - 1].number = v;
	return 0;
}

size_t db_row_count(const struct db_rows *rows)
{
	return rows->count / rows->cols;
}

bool db_next(struct db_rows *rows)
{
	if (rows->next >= db_row_count(rows))
		return false;
	rows->next++;
	return true;
}

static const struct cell *cell_at(const struct db_rows *rows, unsigned col)
{
	assert(rows->next > 0 && col < rows->cols);
	return &rows->cells[(rows->next - 1) * rows->cols + col];
}

bool db_is_null(const struct db_rows *rows, unsigned col)
{
	return cell_at(rows, col)->type == DB_NULL;
}

int64_t db_get_int(const struct db_rows *rows, unsigned col)
{
	const struct cell *cell = cell_at(rows, col);

	assert(cell->type == DB_NULL ||
		cell->type == DB_INT); /* the SELECT has another type there: CAST it */
	return cell->number;
}

const char *db_get_text(const struct db_rows *rows, unsigned col)
{
	const struct cell *cell = cell_at(rows, col);

	return cell->type == DB_NULL ? NULL : rows->bytes + cell->offset;
}

size_t db_get_len(const struct db_rows *rows, unsigned col)
{
	return cell_at(rows, col)->len;
}

bool db_get_uuid(const struct db_rows *rows, unsigned col, struct uuid *ret_id)
{
	const struct cell *cell = cell_at(rows, col);

	if (cell->type != DB_BLOB || cell->len != sizeof(ret_id->bytes))
		return false;
	memcpy(ret_id->bytes, rows->bytes + cell->offset, cell->len);
	return true;
}
