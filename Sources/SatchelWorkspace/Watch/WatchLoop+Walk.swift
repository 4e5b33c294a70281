internal import CSys
import Glibc
import SatchelCore

extension WatchLoop {
    /// What stands under a folder's name.
    enum Finding {
        /// A folder, and it is watched.
        case present
        case absent
        /// Something else, or a folder that may not be read.
        case unwatchable
    }

    private struct Walk {
        /// Whether folders that are where the table has them are entered all the same.
        var entersKnown: Bool
        /// Whether a folder that gets its first watch is noted as dirty.
        var notesNew: Bool
        /// False once a folder was left out that should have a watch.
        var isComplete = true
        /// Set when going on makes no sense: nothing more can be watched, or the thread is to stop.
        var isOver = false
        /// Folders below ``maximumDepth``, to be entered with that many descriptors closed again.
        var deeper: [(path: WorkspacePath, parent: Int32)] = []
    }

    /// As many descriptors are open at once.
    private static let maximumDepth = 64

    private static let mask = UInt32(
        IN_CREATE | IN_DELETE | IN_MOVED_FROM | IN_MOVED_TO | IN_CLOSE_WRITE | IN_MODIFY | IN_ATTRIB | IN_DELETE_SELF
            | IN_MOVE_SELF | IN_ONLYDIR | IN_DONT_FOLLOW | IN_EXCL_UNLINK
    )

    /// Puts a watch on every folder of the tree, corrects the table by what is found, and gives up all other watches.
    func walkEverything(notingNew: Bool) {
        var walk = Walk(entersKnown: true, notesNew: notingNew)
        table.beginWalk()
        defer { leaveDirectory() }
        if !walkSelected(&walk) {
            enter(openFolder(at: .root), at: .root, in: nil, depth: 0, &walk)
            finish(&walk)
        }
        loss = loss ?? findRootLoss()
        // What was not come by may be there all the same.
        guard walk.isComplete else { return }
        condemned.formUnion(table.endWalk())
        counts.isPartial = false
    }

    /// Watches the folders that the selection enters; false when there is none, or its rules cannot be read, so that every
    /// folder is to be watched.
    private func walkSelected(_ walk: inout Walk) -> Bool {
        guard case .selection(let scanner) = pruning, case .success(let root) = openRoot() else { return false }
        var current = walk
        var above: [Int32] = []
        var isNew = false
        let seen = scanner.walkFolders(
            of: root,
            enter: { [self] folder, path, depth in
                guard !current.isOver, !signals.isStopping else {
                    current.isComplete = false
                    return false
                }
                do throws(Errno) {
                    above.removeSubrange(depth...)
                    let watch: Int32
                    (watch, isNew) = try self.watch(folder, at: path, in: above.last)
                    above.append(watch)
                    return true
                } catch {
                    leaveOut(error.code, &current)
                    return false
                }
            },
            listed: { [self] folder, isRepository in
                guard let watch = above.last else { return }
                if isRepository {
                    // At once, so that many of them do not use up what folders of the workspace need.
                    if !isNew, current.notesNew { note(watch) }
                    table.remove(watch)
                    takeOff(watch)
                } else if isNew {
                    noteNew(watch, folder, current)
                }
            }
        )
        walk = current
        guard let seen else { return false }
        for trouble in seen.troubles where trouble.isFolder && trouble.kind == .failed {
            walk.isComplete = false
            degrade(to: .folder("\(trouble.path)", trouble.message))
        }
        if walk.isComplete { (pruned, repositories) = ([], []) }
        for skipped in seen.skipped {
            pruned.insert(skipped.path)
            if skipped.reason == .nestedRepository { repositories.insert(skipped.path) }
        }
        return true
    }

    /// Puts a watch on an open folder, and the folder in its place.
    private func watch(
        _ folder: Int32,
        at path: WorkspacePath,
        in parent: Int32?
    ) throws(Errno) -> (watch: Int32, isNew: Bool) {
        let watch = try addWatchFromInside(folder).get()
        return (watch, place(watch, at: path, in: parent))
    }

    /// Notes what there is to know of an open folder that has its first watch.
    private func noteNew(_ watch: Int32, _ folder: Int32, _ walk: Walk) {
        noteFileSystem(of: folder)
        if walk.notesNew { note(watch) }
    }

    private func note(_ watch: Int32) {
        if let path = table.path(of: watch) { settler.note(.subtree(path), at: .now) }
    }

    /// Puts watches on the folder of that name and all below it, unless it is known to be there and not to be entered.
    ///
    /// Each folder is watched first and listed then, so that whatever appears in it is either listed or has an event.
    func attach(in parent: Int32, at path: WorkspacePath, entersKnown: Bool) -> Finding {
        var walk = Walk(entersKnown: entersKnown, notesNew: false)
        defer { leaveDirectory() }
        let finding = enter(openFolder(at: path), at: path, in: parent, depth: 0, &walk)
        finish(&walk)
        return finding
    }

    private func finish(_ walk: inout Walk) {
        while !walk.isOver, let (path, parent) = walk.deeper.popLast() {
            enter(openFolder(at: path), at: path, in: parent, depth: 0, &walk)
        }
    }

    /// Watches and lists the folder if it could be opened, and closes it.
    @discardableResult
    private func enter(
        _ opened: Result<Int32, Errno>,
        at path: WorkspacePath,
        in parent: Int32?,
        depth: Int,
        _ walk: inout Walk
    ) -> Finding {
        guard !signals.isStopping else {
            if case .success(let folder) = opened { close(folder) }
            walk.isOver = true
            walk.isComplete = false
            return .unwatchable
        }
        do throws(Errno) {
            let folder = try opened.get()
            defer { close(folder) }
            let (watch, isNew) = try watch(folder, at: path, in: parent)
            if isNew { noteNew(watch, folder, walk) }
            guard isNew || walk.entersKnown else { return .present }
            // Below a folder that came from elsewhere, what the table has need not be what is there.
            walk.entersKnown = true
            enterSubfolders(of: folder, at: path, watch: watch, depth: depth, &walk)
            return .present
        } catch {
            leaveOut(error.code, &walk)
            return error.code == ENOENT ? .absent : .unwatchable
        }
    }

    /// Tells a folder that cannot be watched for its own reasons from a shortage that concerns all.
    private func leaveOut(_ code: Int32, _ walk: inout Walk) {
        switch code {
        case ENOENT, ENOTDIR, ELOOP, EACCES, EPERM:
            // Gone, not a folder, or not ours to read; the last is for the scanner to report.
            return
        case ENOSPC:
            walk.isOver = true
            degrade(to: .watchLimit(watches: table.count, limit: counts.limit))
        case EMFILE, ENFILE, ENOMEM:
            walk.isOver = true
            degrade(to: .system(call: "adding a watch", code: code))
        default:
            degrade(to: .system(call: "adding a watch", code: code))
        }
        walk.isComplete = false
    }

    /// Says once when folders lie where not every change is reported.
    private func noteFileSystem(of folder: Int32) {
        var status = stat()
        guard fstat(folder, &status) == 0, devices.insert(UInt64(status.st_dev)).inserted,
            let kind = remoteFileSystem(typeOfFileSystem(folder)), saidRemote.insert(kind).inserted
        else { return }
        signals.mailbox.post(WatchError.remoteFileSystem(kind))
    }

    private func degrade(to error: WatchError) {
        counts.isPartial = true
        guard !saidPartial else { return }
        saidPartial = true
        signals.mailbox.post(error)
    }

    private func enterSubfolders(
        of folder: Int32,
        at path: WorkspacePath,
        watch: Int32,
        depth: Int,
        _ walk: inout Walk
    ) {
        for name in entries.subfolders(of: folder) where !isReserved(name) {
            let childPath = path.appending(name)
            guard !prunes(childPath) else { continue }
            guard depth < Self.maximumDepth else {
                walk.deeper.append((childPath, watch))
                continue
            }
            enter(openFolder(name, in: folder), at: childPath, in: watch, depth: depth + 1, &walk)
            guard !walk.isOver else { return }
        }
    }

    private func place(_ watch: Int32, at path: WorkspacePath, in parent: Int32?) -> Bool {
        condemned.remove(watch)
        guard let parent else {
            let isNew = table.root != watch
            table.placeRoot(watch)
            return isNew
        }
        return table.place(watch, in: parent, named: Array(path.name))
    }

    /// Adds the watch through the open descriptor, so that it is on this folder whatever its name leads to by now.
    func addWatch(on folder: Int32, for mask: UInt32 = mask) -> Result<Int32, Errno> {
        // The dot makes the kernel go through the link, which IN_DONT_FOLLOW would not.
        source.watch("/proc/self/fd/\(folder)/.", for: mask)
    }

    /// The same for the folders of a walk, in half the time where the thread has a working directory of its own: for a
    /// name in `/proc/self/fd` the kernel makes an inode, and drops it again.
    private func addWatchFromInside(_ folder: Int32) -> Result<Int32, Errno> {
        guard hasOwnDirectory, fchdir(folder) == 0 else { return addWatch(on: folder) }
        return source.watch(".", for: Self.mask)
    }

    /// To be called after walks: a folder that is somebody's working directory stays in the kernel when it is deleted, so
    /// that nobody is told.
    private func leaveDirectory() {
        guard hasOwnDirectory else { return }
        _ = chdir("/")
    }

    /// Opens a folder from the root, name by name: a symlink anywhere on the way is refused.
    func openFolder(at path: WorkspacePath) -> Result<Int32, Errno> {
        var folder = openRoot()
        for name in path.bytes.split(separator: UInt8(ascii: "/")) {
            guard case .success(let above) = folder else { return folder }
            folder = openFolder(Array(name), in: above)
            close(above)
        }
        return folder
    }

    /// Opens the root if its name still leads to it; may itself be a symlink.
    func openRoot() -> Result<Int32, Errno> {
        do throws(Errno) {
            let (folder, identity) = try RootIdentity.open(root)
            guard identity == rootIdentity else {
                close(folder)
                return .failure(Errno(code: ENOENT))
            }
            return .success(folder)
        } catch {
            return .failure(error)
        }
    }

    private func openFolder(_ name: [UInt8], in folder: Int32) -> Result<Int32, Errno> {
        let opened = withName(name) { csys_openat(folder, $0, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC) }
        return opened >= 0 ? .success(opened) : .failure(Errno(code: errno))
    }
}

/// Calls `body` with the name as C takes it.
func withName<Value>(_ name: [UInt8], _ body: (UnsafePointer<CChar>) -> Value) -> Value {
    withUnsafeTemporaryAllocation(of: CChar.self, capacity: name.count + 1) { buffer in
        for (index, byte) in name.enumerated() { buffer[index] = CChar(bitPattern: byte) }
        buffer[name.count] = 0
        return buffer.withMemoryRebound(to: CChar.self) { text in
            guard let start = text.baseAddress else { return body("") }
            return body(start)
        }
    }
}
