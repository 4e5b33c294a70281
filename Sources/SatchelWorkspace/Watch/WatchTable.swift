import SatchelCore

/// Which folder each watch is on: watch → (watch of the folder above, name).
///
/// A folder that is renamed changes one row, and everything below it follows. A row whose chain of parents does not
/// end at the root is *detached*: its folder is not known to be in the tree, so its path is nil.
struct WatchTable {
    private struct Row {
        /// The root's own is 0, which the kernel never hands out; a detached row's is -1.
        var parent: Int32
        var name: [UInt8]
        /// The last full walk that came by.
        var walk: UInt32
    }

    private struct Place: Hashable {
        var parent: Int32
        var name: [UInt8]
    }

    private var rows: [Int32: Row] = [:]
    private var places: [Place: Int32] = [:]
    private var walk: UInt32 = 0
    /// Events come in runs from one folder, so its path is kept until the table changes.
    private var lastPath: (watch: Int32, path: WorkspacePath)?

    private static let aboveRoot: Int32 = 0
    private static let detached: Int32 = -1

    var count: Int { rows.count }

    /// The watch on the root, once there is one.
    private(set) var root: Int32?

    func contains(_ watch: Int32) -> Bool { rows[watch] != nil }

    func child(of parent: Int32, named name: [UInt8]) -> Int32? {
        places[Place(parent: parent, name: name)]
    }

    /// Where the folder is now; nil for an unknown or detached one.
    mutating func path(of watch: Int32) -> WorkspacePath? {
        if let lastPath, lastPath.watch == watch { return lastPath.path }
        guard let path = chain(from: watch) else { return nil }
        lastPath = (watch, path)
        return path
    }

    mutating func placeRoot(_ watch: Int32) {
        lastPath = nil
        root = watch
        rows[watch] = Row(parent: Self.aboveRoot, name: [], walk: walk)
    }

    /// Puts a folder where it was found, whatever was known of it and of that place; false when it was there already.
    @discardableResult
    mutating func place(_ watch: Int32, in parent: Int32, named name: [UInt8]) -> Bool {
        // The root found below itself (a bind mount of it) keeps its own place.
        guard watch != root else { return false }
        let place = Place(parent: parent, name: name)
        if places[place] == watch {
            rows[watch]?.walk = walk
            return false
        }
        lastPath = nil
        leavePlace(watch)
        if let other = places.updateValue(watch, forKey: place) { rows[other]?.parent = Self.detached }
        rows[watch] = Row(parent: parent, name: name, walk: walk)
        return true
    }

    /// Takes the folder of that name, with all below it, out of the tree; its watch stays known.
    mutating func detach(_ watch: Int32) {
        lastPath = nil
        leavePlace(watch)
        rows[watch]?.parent = Self.detached
    }

    /// Forgets a watch that the kernel has ended.
    mutating func remove(_ watch: Int32) {
        lastPath = nil
        leavePlace(watch)
        rows[watch] = nil
        if root == watch { root = nil }
    }

    /// Begins a walk of the whole tree that will ``place(_:in:named:)`` all that is still there.
    mutating func beginWalk() { walk &+= 1 }

    /// Forgets all that the walk begun last did not come by; their watches.
    mutating func endWalk() -> [Int32] {
        removeAll(rows.filter { $0.value.walk != walk }.keys)
    }

    /// Forgets all detached folders; their watches.
    mutating func removeDetached() -> [Int32] {
        var isAttached: [Int32: Bool] = [:]
        for watch in rows.keys { _ = reachesRoot(watch, &isAttached) }
        return removeAll(isAttached.filter { !$0.value }.keys)
    }

    private mutating func removeAll(_ watches: some Sequence<Int32>) -> [Int32] {
        let gone = watches.filter { $0 != root }
        for watch in gone { remove(watch) }
        return gone
    }

    private mutating func leavePlace(_ watch: Int32) {
        guard let row = rows[watch] else { return }
        let place = Place(parent: row.parent, name: row.name)
        if places[place] == watch { places[place] = nil }
    }

    private func chain(from watch: Int32) -> WorkspacePath? {
        var names: [[UInt8]] = []
        var length = 0
        var next = watch
        while next != root {
            // Rows can form a ring for a moment, while events of several renames are still queued.
            guard let row = rows[next], row.parent != Self.detached, names.count <= rows.count else { return nil }
            names.append(row.name)
            length += row.name.count + 1
            next = row.parent
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(length)
        for name in names.reversed() {
            if !bytes.isEmpty { bytes.append(UInt8(ascii: "/")) }
            bytes.append(contentsOf: name)
        }
        return WorkspacePath(unchecked: bytes)
    }

    private func reachesRoot(_ watch: Int32, _ known: inout [Int32: Bool]) -> Bool {
        var trail: [Int32] = []
        var next = watch
        var result = false
        while true {
            if next == root {
                result = true
                break
            }
            if let answer = known[next] {
                result = answer
                break
            }
            guard let row = rows[next], row.parent != Self.detached, trail.count <= rows.count else { break }
            trail.append(next)
            next = row.parent
        }
        known[watch] = result
        for passed in trail { known[passed] = result }
        return result
    }
}
