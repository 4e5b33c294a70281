#if LibInotifyTools
internal import CInotifyTools
import Glibc
import Synchronization

/// libinotifytools as the deliverer of events, and only that.
///
/// The library (3.22) keeps everything in globals without a lock: one owner per process and one thread at a time. Its
/// own table of folders leaks deleted ones, breaks on renames and misses what is created while it walks, so it is
/// never given a watch: those are added and removed on its descriptor with the kernel's calls. Without watches of its
/// own it hands over every event untouched.
final class InotifyToolsSource: EventSource {
    let descriptor: Int32

    init() throws(WatchError) {
        guard isTaken.compareExchange(expected: false, desired: true, ordering: .acquiring).exchanged else {
            throw .libraryInUse
        }
        switch lockedInotifyCreation(initialize) {
        case .success(let descriptor):
            self.descriptor = descriptor
        case .failure(let error):
            isTaken.store(false, ordering: .releasing)
            throw error
        }
    }

    func drain(limit: Int, _ body: (FileEvent) -> Void) throws(WatchError) -> Int {
        var given = 0
        while given < limit {
            // A timeout of 0 with one event is the only form that neither blocks nor spins.
            guard let event = inotifytools_next_events(0, 1) else {
                let code = inotifytools_error()
                if code == EINTR { continue }
                guard code == 0 || code == EAGAIN else {
                    throw .system(call: "inotifytools_next_events", code: code)
                }
                break
            }
            // The name lies right behind the header; in Swift, a flexible array is not a member.
            let name = UnsafeRawPointer(event).advanced(by: MemoryLayout<inotify_event>.size)
            let padded = UnsafeRawBufferPointer(start: name, count: Int(event.pointee.len))
            body(FileEvent(watch: event.pointee.wd, mask: event.pointee.mask, name: withoutPadding(padded)))
            given += 1
        }
        return given
    }

    func close() {
        // Cleaning up does not empty the library's buffer: the next owner would be given this one's events.
        var left = 1 << 20
        while left > 0, inotifytools_next_events(0, 1) != nil { left -= 1 }
        inotifytools_cleanup()
        isTaken.store(false, ordering: .releasing)
    }
}

/// True while an ``InotifyToolsSource`` has the library.
private let isTaken = Atomic(false)

/// Starts the library and finds the descriptor that it does not tell.
private func initialize() -> Result<Int32, WatchError> {
    let before = inotifyDescriptors()
    guard inotifytools_initialize() == 1 else {
        return .failure(instanceError("inotifytools_initialize", inotifytools_error()))
    }
    let new = inotifyDescriptors().subtracting(before)
    guard new.count == 1, let descriptor = new.first else {
        inotifytools_cleanup()
        return .failure(.system(call: "finding the descriptor of libinotifytools", code: ENOENT))
    }
    guard descriptor < FD_SETSIZE else {
        inotifytools_cleanup()
        return .failure(.descriptorTooHigh(descriptor))
    }
    // It opens without flags: a program started meanwhile would inherit the queue.
    _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
    _ = fcntl(descriptor, F_SETFL, O_RDONLY | O_NONBLOCK)
    return .success(descriptor)
}

/// The descriptors of this process that are inotify instances.
private func inotifyDescriptors() -> Set<Int32> {
    guard let folder = opendir("/proc/self/fd") else { return [] }
    defer { closedir(folder) }
    var found: Set<Int32> = []
    var target = [CChar](repeating: 0, count: 64)
    while let entry = readdir(folder) {
        let isInotify = withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { name in
                let count = readlinkat(dirfd(folder), name, &target, target.count)
                guard count > 0 else { return false }
                return target[..<count].elementsEqual("anon_inode:inotify".utf8.map(CChar.init))
            }
        }
        guard isInotify else { continue }
        let digits = withUnsafePointer(to: &entry.pointee.d_name) { name in
            name.withMemoryRebound(to: CChar.self, capacity: 256) { atoi($0) }
        }
        found.insert(digits)
    }
    return found
}
#endif
