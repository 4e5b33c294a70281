import Glibc
import SatchelCore

/// A folder in the middle of its visit.
struct Frame {
    /// A name that is left after the rules were asked.
    struct Entry {
        /// The first eight bytes of the name, as a number: decides most comparisons.
        var key: UInt64 = 0
        var nameStart: Int
        var nameCount: Int
        /// Index into ``Frame/groups``; -1 when all of the entry is wanted.
        var group: Int
        var isFolder: Bool
        var included: Bool
        var hasLinks: Bool
        var device: UInt64
        var fingerprint: Fingerprint

        /// A file with its status, or a folder without.
        init(_ item: FolderListing.Item, group: Int, included: Bool, status: FileStatus?) {
            nameStart = item.nameStart
            nameCount = item.nameCount
            self.group = group
            self.included = included
            isFolder = status == nil
            hasLinks = status?.hasLinks ?? false
            device = status?.device ?? 0
            fingerprint = status?.fingerprint ?? Fingerprint(size: 0, modified: 0, changed: 0, inode: 0)
        }
    }

    /// A name in a folder, and which of the wanted paths go through it.
    struct Group {
        var name: ArraySlice<UInt8>
        var wanted: TreeWalk.Wanted
    }

    /// Nil when it was closed to save descriptors.
    var folder: OpenFolder?
    let names: ContiguousArray<UInt8>
    /// Empty when the whole folder is wanted.
    let groups: [Group]
    /// How much of the walk's path leads here, the slash included.
    let pathCount: Int
    /// Where the rules of the folders around it end.
    let mark: RuleStack.Mark
    var entries = ContiguousArray<Entry>()
    var next = 0

    init(
        folder: OpenFolder,
        names: ContiguousArray<UInt8>,
        groups: [Group],
        pathCount: Int,
        mark: RuleStack.Mark
    ) {
        self.folder = folder
        self.names = names
        self.groups = groups
        self.pathCount = pathCount
        self.mark = mark
    }

    func name(of entry: Entry) -> ContiguousArray<UInt8>.SubSequence {
        names[entry.nameStart..<(entry.nameStart + entry.nameCount)]
    }

    /// Lends a name with the NUL that stands behind it.
    func withName<Result>(
        at start: Int,
        _ body: (UnsafePointer<CChar>) throws(SystemError) -> Result
    ) throws(SystemError) -> Result {
        try names.withUnsafeBufferPointer { names throws(SystemError) in
            guard let base = names.baseAddress else { throw SystemError(ENOENT) }
            return try body(UnsafeRawPointer(base + start).assumingMemoryBound(to: CChar.self))
        }
    }

    func wanted(for entry: Entry) -> TreeWalk.Wanted {
        entry.group < 0 ? .all : groups[entry.group].wanted
    }

    func status(of item: FolderListing.Item) throws(SystemError) -> FileStatus {
        guard let folder else { throw SystemError(EBADF) }
        return try withName(at: item.nameStart) { name throws(SystemError) in
            try FileStatus(of: name, in: folder.descriptor)
        }
    }

    /// Brings the entries into the order of whole paths: a folder's name counts with its slash.
    mutating func sort() {
        names.withUnsafeBytes { names in
            for index in entries.indices { entries[index].key = Self.key(of: entries[index], names) }
            entries.sort { Self.precedes($0, $1, names) }
        }
    }

    private static func key(of entry: Entry, _ names: UnsafeRawBufferPointer) -> UInt64 {
        var key: UInt64 = 0
        for index in 0..<8 { key = key << 8 | UInt64(byte(index, of: entry, names)) }
        return key
    }

    /// A byte of the name with its slash; 0 behind the end.
    private static func byte(_ index: Int, of entry: Entry, _ names: UnsafeRawBufferPointer) -> UInt8 {
        if index < entry.nameCount { return names[entry.nameStart + index] }
        return index == entry.nameCount && entry.isFolder ? UInt8(ascii: "/") : 0
    }

    private static func precedes(_ left: Entry, _ right: Entry, _ names: UnsafeRawBufferPointer) -> Bool {
        if left.key != right.key { return left.key < right.key }
        let shared = min(left.nameCount, right.nameCount)
        if let base = names.baseAddress {
            let order = memcmp(base + left.nameStart, base + right.nameStart, shared)
            if order != 0 { return order < 0 }
        }
        return byte(shared, of: left, names) < byte(shared, of: right, names)
    }

    /// The first components of `paths` behind their first `count` bytes, each with the paths that go through it.
    static func groups(of paths: ArraySlice<WorkspacePath>, below count: Int) -> [Group] {
        var result: [Group] = []
        var index = paths.startIndex
        while index < paths.endIndex {
            let first = paths[index].bytes
            let name = first[count...].prefix { $0 != UInt8(ascii: "/") }
            let start = index
            repeat { index += 1 } while index < paths.endIndex && goesThrough(name, paths[index].bytes[count...])
            let isWhole = first.count == count + name.count
            result.append(Group(name: name, wanted: isWhole ? .all : .only(paths[start..<index])))
        }
        return result
    }

    private static func goesThrough(_ name: ArraySlice<UInt8>, _ rest: ArraySlice<UInt8>) -> Bool {
        rest.starts(with: name)
            && (rest.count == name.count || rest[rest.startIndex + name.count] == UInt8(ascii: "/"))
    }
}
