import Glibc

/// One event as the kernel reports it.
struct FileEvent {
    /// The watched folder it is about; -1 for an overflow.
    var watch: Int32
    var mask: UInt32
    /// The child's name without padding, empty when the event is about the folder itself.
    ///
    /// Valid only until the next event is asked for.
    var name: UnsafeRawBufferPointer
}

/// Which code delivers the events; watches, paths and recursion are ours either way.
package enum EventSourceKind: String, Hashable, Sendable {
    /// libinotifytools: one watcher per process.
    case inotifyTools
    case rawInotify
    /// libinotifytools where it is built in and not yet taken by another watcher of this process, else raw inotify.
    case preferred

    /// The kinds this build can make.
    package static var available: [EventSourceKind] {
        #if LibInotifyTools
        [.inotifyTools, .rawInotify]
        #else
        [.rawInotify]
        #endif
    }
}

/// An inotify instance and how its queue is read. Confined to one thread after its creation.
protocol EventSource: AnyObject {
    /// For `poll(2)` and the kernel's own calls.
    var descriptor: Int32 { get }

    /// Hands over queued events until there are none left or `limit` were given; the number given.
    func drain(limit: Int, _ body: (FileEvent) -> Void) throws(WatchError) -> Int

    /// The watch on `path`: a new one, or the one that this folder has already; an errno when there is none.
    func watch(_ path: UnsafePointer<CChar>, for mask: UInt32) -> Result<Int32, Errno>

    /// Takes a watch off, which queues an `IN_IGNORED`; one that is gone already is no error.
    func unwatch(_ watch: Int32)

    /// Gives the instance back to the kernel, with all its watches.
    func close()
}

extension EventSource {
    func watch(_ path: UnsafePointer<CChar>, for mask: UInt32) -> Result<Int32, Errno> {
        let watch = inotify_add_watch(descriptor, path, mask)
        return watch >= 0 ? .success(watch) : .failure(Errno(code: errno))
    }

    func unwatch(_ watch: Int32) {
        _ = inotify_rm_watch(descriptor, watch)
    }
}

/// An error number of the system.
struct Errno: Error, Hashable {
    var code: Int32
}

func makeEventSource(_ kind: EventSourceKind) throws(WatchError) -> any EventSource {
    switch kind {
    case .rawInotify:
        return try RawInotifySource()
    case .inotifyTools:
        #if LibInotifyTools
        return try InotifyToolsSource()
        #else
        throw .libraryMissing
        #endif
    case .preferred:
        #if LibInotifyTools
        do {
            return try InotifyToolsSource()
        } catch .libraryInUse, .descriptorTooHigh {
            return try RawInotifySource()
        }
        #else
        return try RawInotifySource()
        #endif
    }
}

/// The error for a refused inotify instance.
func instanceError(_ call: String, _ code: Int32) -> WatchError {
    code == EMFILE || code == ENFILE
        ? .instanceLimit(limit: inotifyLimit("max_user_instances")) : .system(call: call, code: code)
}
