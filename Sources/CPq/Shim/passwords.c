#include <stddef.h>
#include <string.h>

#include "CPq.h"

static int argument_count;
static char **arguments;

#if defined(__GLIBC__) || defined(__APPLE__)
// Both hand over to what runs before main what they hand over to main.
__attribute__((constructor)) static void note_arguments(int count, char **values) {
    argument_count = count;
    arguments = values;
}
#endif

static void hide(char *start, const char *end) {
    while (start < end) *start++ = '*';
}

void cpq_hide_password(char *argument) {
    char *address = strstr(argument, "postgresql://");
    if (address == NULL) address = strstr(argument, "postgres://");
    if (address == NULL) return;
    char *user = strstr(address, "://") + 3;
    // All up to the last sign that can end a password: rather too much than too little.
    char *end = strrchr(user, '@');
    char *colon = strchr(user, ':');
    if (end != NULL && colon != NULL && colon < end) hide(colon + 1, end);
    for (char *found = strstr(user, "password="); found != NULL; found = strstr(found, "password=")) {
        found += strlen("password=");
        hide(found, found + strcspn(found, "&"));
    }
}

void cpq_hide_passwords(void) {
    for (int number = 1; number < argument_count; number++) cpq_hide_password(arguments[number]);
}

static void ignore(void *context, const PGresult *notice) {
    (void)context;
    (void)notice;
}

void cpq_ignore_notices(PGconn *connection) { PQsetNoticeReceiver(connection, ignore, NULL); }
