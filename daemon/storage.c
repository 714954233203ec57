/* What all storages share: a call knows how it is cancelled. */
#include "daemon/storage.h"

void storage_cancel(struct storage_call *c)
{
	if (c)
		c->cancel(c);
}
