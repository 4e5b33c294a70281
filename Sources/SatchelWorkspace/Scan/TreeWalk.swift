import Glibc
import SatchelCore

/// One walk over a workspace, or over a part of it: what is there, what the rules say of it, what is known already.
///
/// Iterative, so that no depth of folders can exhaust the stack. Entries of a folder are visited as if folder names
/// ended in `/`, which makes the order of files that of their whole paths as bytes.
struct TreeWalk {
    /// A file that has to be read.
    struct Pending {
        /// Index into ``TreeWalk/files``.
        var file: Int
        /// As the walk saw it.
        var fingerprint: Fingerprint
        var device: UInt64
        var hasLinks: Bool
    }

    /// How long files have to be left alone before they are read, and the time.
    struct Rest {
        var policy: StabilityPolicy
        /// Nanoseconds since 1970.
        var now: Int64
    }

    /// Which part of a folder is asked for.
    enum Wanted {
        case all
        /// Paths below the folder, sorted, none within another.
        case only(ArraySlice<WorkspacePath>)
    }

    /// What a walk is to find out.
    enum Purpose {
        /// The files, and everything that is skipped.
        case files
        /// Whether one path is selected; nothing that is asked for as a whole is entered.
        case look
        /// The folders that are skipped; files are not looked at.
        ///
        /// `enter` is given each folder before it is listed, and how many are above it; false leaves out what is below.
        /// So it is also given a repository of its own, which only its listing tells from others (asking every folder
        /// for `.git` first took a quarter of the walk): `listed` says of the folder entered last whether it is one.
        case folders(
            enter: (_ folder: Int32, _ path: WorkspacePath, _ depth: Int) -> Bool,
            listed: (_ folder: Int32, _ isRepository: Bool) -> Void
        )
    }

    /// More levels are a mistake or an attack; git and other tools break down long before.
    static let deepest = 512
    /// Folders kept open on the way down; those above are opened again when the walk comes back to them.
    static let mostOpen = 48

    private(set) var files: [Snapshot.File] = []
    private(set) var pending: [Pending] = []
    private(set) var skipped: [Snapshot.Skipped] = []
    private(set) var troubles: [Trouble] = []
    /// Files that were written to too lately, with the rest they still need; each is in ``troubles`` as well.
    private(set) var resting: [WorkspacePath: Duration] = [:]
    /// Inodes that known paths stood for, where another file stands now.
    private(set) var replacedInodes: [UInt64] = []
    /// The folder or file at which the last path was skipped: itself, or one that it lies in.
    private(set) var skippedAt: WorkspacePath?
    /// What the only path of a walk for a ``Purpose/look`` is, when it is selected.
    private(set) var found: FileStatus.Kind?

    private let root: OpenFolder
    private let wanted: Wanted
    private let policy: SelectionPolicy
    private let purpose: Purpose
    private let rest: Rest?
    private let buffer: UnsafeMutableRawBufferPointer
    private let origin: Int
    private var rules: RuleStack
    private var known: KnownCursor
    private var frames: [Frame] = []
    /// Where the walk is, beginning with ``RuleStack/origin``; a folder being listed has a slash behind it.
    private var path: [UInt8]

    /// `buffer` is for folder listings and lent for the life of the walk.
    init(
        _ root: OpenFolder,
        policy: SelectionPolicy,
        outer: OuterRules,
        wanted: Wanted,
        known: [KnownFile],
        purpose: Purpose,
        rest: Rest?,
        buffer: UnsafeMutableRawBufferPointer
    ) {
        self.root = root
        self.wanted = wanted
        self.policy = policy
        self.purpose = purpose
        self.rest = rest
        self.buffer = buffer
        self.known = KnownCursor(known)
        // As many as last time: growing step by step would leave as much again behind as garbage. For a part of the
        // workspace that is too much to set aside.
        if case .all = wanted { files.reserveCapacity(known.count) }
        rules = RuleStack(policy: policy, outer: outer)
        origin = outer.origin.count
        path = outer.origin
    }

    /// Walks; afterwards ``files``, ``pending``, ``skipped`` and ``troubles`` hold what was seen.
    mutating func run(isCancelled: () -> Bool) throws(ScanError) {
        visit(root, included: false, wanted)
        while let top = frames.indices.last {
            guard frames[top].next < frames[top].entries.count else {
                rules.pop(to: frames[top].mark)
                frames.removeLast()
                continue
            }
            let entry = frames[top].entries[frames[top].next]
            frames[top].next += 1
            path.removeSubrange(frames[top].pathCount...)
            path.append(contentsOf: frames[top].name(of: entry))
            if !entry.isFolder {
                take(entry)
            } else if isCancelled() {
                throw .cancelled
            } else {
                enter(entry)
            }
        }
    }

    /// Hands over the files and which of them are to be read, without a second copy of a long list in memory.
    mutating func takeFiles() -> (files: [Snapshot.File], pending: [Pending]) {
        defer { (files, pending) = ([], []) }
        return (files, pending)
    }

    private var here: WorkspacePath { WorkspacePath(unchecked: Array(path[origin...])) }
}

// MARK: - Folders

extension TreeWalk {
    /// Opens a folder that the rules let in, and goes on inside it.
    private mutating func enter(_ entry: Frame.Entry) {
        let wanted = frames[frames.count - 1].wanted(for: entry)
        guard frames.count < Self.deepest else {
            trouble(.failed, "not entered, because it lies more than \(Self.deepest) folders deep", isFolder: true)
            return
        }
        do {
            let folder = try open(entry)
            path.append(UInt8(ascii: "/"))
            visit(folder, included: entry.included, wanted)
        } catch  where error.meansGone {
            return
        } catch {
            trouble(error, isFolder: true)
        }
    }

    private mutating func open(_ entry: Frame.Entry) throws(SystemError) -> OpenFolder {
        do {
            return try openOnce(entry)
        } catch  where error.meansTooManyFiles {
            for index in frames.indices { frames[index].folder = nil }
            return try openOnce(entry)
        }
    }

    private mutating func openOnce(_ entry: Frame.Entry) throws(SystemError) -> OpenFolder {
        let top = frames.count - 1
        let parent =
            if let open = frames[top].folder { open } else {
                try root.folder(below: path[origin..<frames[top].pathCount])
            }
        frames[top].folder = parent
        // The folder that is now one too many further up is opened again when the walk is back there.
        if top >= Self.mostOpen { frames[top - Self.mostOpen].folder = nil }
        return try frames[top].withName(at: entry.nameStart) { name throws(SystemError) in try parent.folder(name) }
    }

    /// Lists a folder, whose path and slash are at the end of ``path``, and puts it on the stack.
    private mutating func visit(_ folder: OpenFolder, included: Bool, _ wanted: Wanted) {
        let mark = rules.mark
        if case .folders(let enter, _) = purpose, !isToBeListed(folder, enter) {
            if path.count > origin { path.removeLast() }
            return
        }
        do {
            let groups: [Frame.Group]
            let listing: FolderListing
            switch wanted {
            case .all:
                groups = []
                listing = try FolderListing(of: folder, buffer: buffer)
            case .only(let paths):
                groups = Frame.groups(of: paths, below: path.count - origin)
                listing = FolderListing(of: groups.map(\.name))
            }
            let isWhole = groups.isEmpty
            let isRepository =
                path.count > origin && (!isWhole || listing.contains(".git"))
                && GitRepository.isTop("/proc/self/fd/\(folder.descriptor)")
            if case .folders(_, let listed) = purpose { listed(folder.descriptor, isRepository) }
            if isRepository {
                path.removeLast()
                skip(.nestedRepository, isFolder: true, wanted)
                return
            }
            guard try pushRules(of: folder, listing: isWhole ? listing : nil) else {
                rules.pop(to: mark)
                return
            }
            if case .look = purpose, isWhole {
                found = .folder
                rules.pop(to: mark)
                return
            }
            var frame = Frame(folder: folder, names: listing.names, groups: groups, pathCount: path.count, mark: mark)
            for (index, item) in listing.items.enumerated() {
                if case .folders = purpose, let kind = item.kind, kind != .folder { continue }
                let group = isWhole ? -1 : index
                guard let entry = consider(item, in: frame, group: group, folderIncluded: included) else { continue }
                frame.entries.append(entry)
            }
            frame.sort()
            frames.append(frame)
        } catch {
            rules.pop(to: mark)
            if path.count > origin { path.removeLast() }
            if !error.meansGone { trouble(error, isFolder: true) }
        }
    }

    /// Whether a walk that is only about folders goes on in this one.
    private mutating func isToBeListed(
        _ folder: OpenFolder,
        _ enter: (_ folder: Int32, _ path: WorkspacePath, _ depth: Int) -> Bool
    ) -> Bool {
        let path =
            path.count <= origin ? WorkspacePath.root : WorkspacePath(unchecked: Array(path[origin...].dropLast()))
        return enter(folder.descriptor, path, frames.count)
    }

    /// Reads the ignore files of a folder; false, with a trouble noted, when one of them cannot be read.
    private mutating func pushRules(of folder: OpenFolder, listing: FolderListing?) throws(SystemError) -> Bool {
        for kind in IgnoreFileName.allCases where kind != .gitignore || rules.respectsGitignore {
            if let listing, !listing.contains(kind.name) { continue }
            let shown = String(decoding: path[origin...], as: UTF8.self) + kind.rawValue
            do {
                let read = try withTerminated(kind.rawValue.utf8) { name throws(SystemError) in
                    try readSettings(name, in: folder.descriptor, followsLink: false)
                }
                if let read { rules.push(kind, IgnoreFile(parsing: read, file: shown), base: path.count) }
            } catch {
                if path.count > origin { path.removeLast() }
                troubles.append(.rulesUnreadable(shown, in: here, error))
                return false
            }
        }
        return true
    }
}

// MARK: - Entries

extension TreeWalk {
    /// Decides about one name of a folder; nil when there is nothing more to do with it.
    private mutating func consider(
        _ item: FolderListing.Item,
        in frame: Frame,
        group: Int,
        folderIncluded: Bool
    ) -> Frame.Entry? {
        path.removeSubrange(frame.pathCount...)
        path.append(contentsOf: frame.names[item.nameStart..<(item.nameStart + item.nameCount)])
        do throws(SystemError) {
            var status: FileStatus?
            if item.kind == nil { status = try frame.status(of: item) }
            var kind = item.kind ?? status?.kind ?? .special
            while true {
                if case .folders = purpose, kind != .folder { return nil }
                let wanted = group < 0 ? Wanted.all : frame.groups[group].wanted
                if case .only = wanted, kind == .file || kind == .special { return nil }
                let verdict = rules.verdict(
                    on: path,
                    nameStart: frame.pathCount,
                    isFolder: kind == .folder,
                    folderIncluded: folderIncluded
                )
                if let reason = reasonToSkip(frame.pathCount, kind, verdict) {
                    skip(reason, isFolder: kind == .folder, wanted)
                    return nil
                }
                if kind == .folder {
                    return Frame.Entry(item, group: group, included: verdict.included, status: nil)
                }
                let known = if let status { status } else { try frame.status(of: item) }
                // It was replaced by something else since it was listed.
                guard known.kind == .file else {
                    kind = known.kind
                    continue
                }
                guard known.fingerprint.size <= policy.maxFileSize.bytes else {
                    skip(.tooLarge(limit: policy.maxFileSize), isFolder: false, wanted)
                    return nil
                }
                return Frame.Entry(item, group: group, included: true, status: known)
            }
        } catch {
            if !error.meansGone { trouble(error, isFolder: item.kind == .folder) }
            return nil
        }
    }

    /// The first reason that speaks against an entry, the one that says most to people.
    private func reasonToSkip(
        _ nameStart: Int,
        _ kind: FileStatus.Kind,
        _ verdict: (skip: SkipReason?, included: Bool)
    ) -> SkipReason? {
        if path[nameStart] == UInt8(ascii: ".") {
            let name = path[nameStart...]
            if name.elementsEqual(".git".utf8) || name.elementsEqual(".satchel".utf8) { return .reserved }
            if verdict.skip == nil, !policy.includesHidden { return .hidden }
        }
        if let reason = verdict.skip { return reason }
        return switch kind {
        case .symlink: .symlink
        case .special: .special
        case .file: verdict.included ? nil : .notIncluded
        case .folder: nil
        }
    }

    /// Takes a file as it is known, or notes that it has to be read.
    private mutating func take(_ entry: Frame.Entry) {
        if case .look = purpose {
            do {
                let folder = try root.folder(below: here.parent.bytes[...])
                close(try withTerminated(here.name) { name throws(SystemError) in try folder.open(name) })
                found = .file
            } catch {
                if !error.meansGone { trouble(error, isFolder: false) }
            }
            return
        }
        let row = known.row(for: path, dropping: origin)
        if let row, !row.isRacy, row.fingerprint == entry.fingerprint {
            files.append(
                Snapshot.File(path: row.path, size: row.fingerprint.size, digest: row.digest, media: row.media)
            )
            return
        }
        if let row, row.fingerprint.inode != entry.fingerprint.inode { replacedInodes.append(row.fingerprint.inode) }
        if let rest {
            let print = entry.fingerprint
            let left = rest.policy.remaining(size: print.size, modified: print.modified, now: rest.now)
            if let left {
                resting[here] = left
                trouble(.changing, "is still being written to; it is looked at again once it rests", isFolder: false)
                return
            }
        }
        pending.append(
            Pending(
                file: files.count,
                fingerprint: entry.fingerprint,
                device: entry.device,
                hasLinks: entry.hasLinks
            )
        )
        files.append(
            Snapshot.File(
                path: row?.path ?? here,
                size: entry.fingerprint.size,
                // Until it is hashed, which needs libcrypto started up.
                digest: .ofNothing,
                media: .empty
            )
        )
    }

    /// Notes that what stands at the end of ``path`` is skipped, or rather what was asked for below it.
    private mutating func skip(_ reason: SkipReason, isFolder: Bool, _ wanted: Wanted) {
        switch wanted {
        case .all:
            skippedAt = here
            skipped.append(Snapshot.Skipped(path: here, isFolder: isFolder, reason: reason))
        case .only(let paths):
            for path in paths {
                // What lies behind a link is not looked at, so it is not known whether it exists.
                let status = reason == .symlink ? nil : try? root.status(of: path)
                guard status != nil || reason == .symlink else { continue }
                skippedAt = here
                skipped.append(Snapshot.Skipped(path: path, isFolder: status?.kind == .folder, reason: reason))
            }
        }
    }

    private mutating func trouble(_ error: SystemError, isFolder: Bool) {
        trouble(error.trouble.kind, error.trouble.message, isFolder: isFolder)
    }

    private mutating func trouble(_ kind: Trouble.Kind, _ message: String, isFolder: Bool) {
        troubles.append(Trouble(path: here, isFolder: isFolder, kind: kind, message: message))
    }
}
