#ifndef CPQ_H
#define CPQ_H

// PostgreSQL's own client library, and what keeps passwords out of lists of processes.

#include <libpq-fe.h>

// Writes over the passwords of postgresql:// addresses among the program's arguments, as other users see them in a list of
// processes. The program's own copies of its arguments stay as they are.
void cpq_hide_passwords(void);

// The same for one argument.
void cpq_hide_password(char *argument);

// Has the server's notices thrown away, which would be written to standard error.
void cpq_ignore_notices(PGconn *connection);

#endif
