#pragma once
// The library's header uses size_t and struct inotify_event without including what declares them.
#include <stddef.h>
#include <sys/inotify.h>
#include <inotifytools/inotifytools.h>
