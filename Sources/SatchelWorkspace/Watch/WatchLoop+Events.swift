import Glibc
import SatchelCore

extension WatchLoop {
    /// Takes one event in: some microseconds, except where folders come, go or move.
    func handle(_ event: FileEvent) {
        let now = ContinuousClock.now
        if event.has(IN_Q_OVERFLOW) {
            counts.overflows += 1
            eventsWereLost(at: now)
        } else if event.watch == cookies.watch {
            takeCookie(event)
        } else if !table.contains(event.watch) {
            handleUnknown(event, at: now)
        } else if event.name.isEmpty {
            handleSelf(event, at: now)
        } else {
            handleChild(event, at: now)
        }
    }

    private func eventsWereLost(at now: Instant) {
        resync.request(at: now)
        // Cookies may be among the lost. The walk to come covers what they stand for.
        cookies.allArrived(removing: removeCookieFile)
        ending = []
    }

    private func handleUnknown(_ event: FileEvent, at now: Instant) {
        if event.has(IN_IGNORED) {
            ending.remove(event.watch)
            condemned.remove(event.watch)
        } else if !ending.contains(event.watch), !condemned.contains(event.watch) {
            eventsWereLost(at: now)
        }
    }

    /// An event about a watched folder itself.
    private func handleSelf(_ event: FileEvent, at now: Instant) {
        if event.watch == table.root {
            // The first of them says what happened; an `IN_IGNORED` follows each.
            if event.has(IN_DELETE_SELF) {
                loss = loss ?? .deleted
            } else if event.has(IN_MOVE_SELF) {
                loss = loss ?? .moved
            } else if event.has(IN_UNMOUNT) || event.has(IN_IGNORED) {
                loss = loss ?? .unmounted
            } else if event.has(IN_ATTRIB) {
                settler.note(.everything, at: now)
            }
            return
        }
        // Moves and attributes are told by the folder above as well. What ends a watch may be told here alone.
        guard event.has(IN_DELETE_SELF) || event.has(IN_UNMOUNT) || event.has(IN_IGNORED) else { return }
        let path = table.path(of: event.watch)
        table.remove(event.watch)
        guard let path else { return }
        if event.has(IN_DELETE_SELF) {
            settler.note(.removed(path), at: now)
        } else if let parent = watch(on: path.parent) {
            // The watch ended, the folder may not have: after an unmount, the one below comes to light.
            handleFolder(Array(path.name), in: parent, at: path, hasMoved: false)
        }
    }

    private func handleChild(_ event: FileEvent, at now: Instant) {
        guard let folder = table.path(of: event.watch) else { return }
        guard !isReserved(event.name) else { return handleReserved(event, in: folder, at: now) }
        let path = folder.appending(event.name)
        if event.has(IN_ISDIR) {
            let name = Array(event.name)
            // Once it is deleted, the kernel ends its watch and says so; moved out, the watch is ours to take off.
            if event.has(IN_MOVED_FROM), table.child(of: event.watch, named: name) != nil { scheduleSweep(at: now) }
            handleFolder(name, in: event.watch, at: path, hasMoved: event.has(IN_MOVED_FROM) || event.has(IN_MOVED_TO))
        } else if event.has(IN_CREATE) {
            settler.note(.created(path), at: now)
        } else if event.has(IN_DELETE) || event.has(IN_MOVED_FROM) {
            settler.note(.removed(path), at: now)
        } else {
            settler.note(.changed(path), at: now)
        }
    }

    /// A folder that gets a `.git`, or loses it, may be a repository of its own from now on, or no more.
    private func handleReserved(_ event: FileEvent, in folder: WorkspacePath, at now: Instant) {
        let comesOrGoes =
            event.has(IN_CREATE) || event.has(IN_DELETE) || event.has(IN_MOVED_FROM) || event.has(IN_MOVED_TO)
        guard comesOrGoes, !folder.isRoot, event.name.elementsEqual(".git".utf8) else { return }
        settler.note(.subtree(folder), at: now)
    }

    /// Looks at what stands under a folder's name now, whatever became of it according to the event.
    private func handleFolder(_ name: [UInt8], in parent: Int32, at path: WorkspacePath, hasMoved: Bool) {
        // It may have been replaced by an ordinary folder. The walk that follows tells.
        if repositories.remove(path) != nil { pruned.remove(path) }
        if prunes(path) {
            guard let known = table.child(of: parent, named: name) else { return }
            table.detach(known)
            scheduleSweep(at: .now)
            settler.note(.removed(path), at: .now)
            return
        }
        // While a rename waited in the queue, what was looked up below the old name may have been set down wrongly, and
        // the folder may be back where it was: so one that moved is walked even if it is in its place.
        switch attach(in: parent, at: path, entersKnown: hasMoved) {
        case .present:
            settler.note(.subtree(path), at: .now)
        case .absent:
            if let known = table.child(of: parent, named: name) { table.detach(known) }
            settler.note(.removed(path), at: .now)
        case .unwatchable:
            if let known = table.child(of: parent, named: name) {
                table.detach(known)
                scheduleSweep(at: .now)
            }
            settler.note(.subtree(path), at: .now)
        }
    }

    private func scheduleSweep(at now: Instant) {
        // Late enough for the other half of a rename, which puts the folder back into the table.
        if sweepAt == nil { sweepAt = now + .seconds(1) }
    }

    /// The watch on the folder of that path, as far as the table goes.
    func watch(on path: WorkspacePath) -> Int32? {
        var watch = table.root
        for name in path.bytes.split(separator: UInt8(ascii: "/")) {
            watch = watch.flatMap { table.child(of: $0, named: Array(name)) }
        }
        return watch
    }
}

/// Names that no event is noted for and no watch entered: git's own files and ours, at any depth.
func isReserved(_ name: some Sequence<UInt8>) -> Bool {
    name.elementsEqual(".git".utf8) || name.elementsEqual(".satchel".utf8)
}

extension FileEvent {
    /// The `IN_` constants are of one type when seen through libinotifytools' header and of another when not.
    func has(_ flag: some BinaryInteger) -> Bool { mask & UInt32(truncatingIfNeeded: flag) != 0 }
}
