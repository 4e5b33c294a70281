internal import FoundationEssentials
internal import SatchelCore
internal import SatchelManifest
internal import SatchelRemote
internal import SatchelWorkspace

/// What a model may look up in the workspace: lines of synced files that the gate lets through, and nothing else.
///
/// A file that could not be misled into being sent: its content was sent to this account before, or the account takes it
/// only as part of questions. So what a file says cannot make a model fetch what this account was never meant to have.
///
/// A file is found by its path in the manifest, never on the disk, and what is shown of it are the bytes of the digest
/// that was synced: from the workspace while they are those, else from the local store.
struct FileTools: Sendable {
    let workspace: Workspace
    let connection: Connection
    let limits: FileToolLimits
    /// As they were at the first call: one answer is about one state of the workspace.
    private var files: [KnownFile]?

    init(_ workspace: Workspace, _ connection: Connection, limits: FileToolLimits = FileToolLimits()) {
        self.workspace = workspace
        self.connection = connection
        self.limits = limits
    }

    /// Carries a call out; what cannot be done is an outcome too.
    ///
    /// - Throws: ``ManifestError``, `CancellationError`.
    mutating func run(_ call: ToolCall) async throws -> ToolOutcome {
        do {
            switch try FileToolRequest(call, limits: limits) {
            case .search(let query, let path): return try await search(query, within: path)
            case .read(let path, let first, let last): return try await read(path, first: first, last: last)
            case .list(let path, let glob): return try await list(path, glob: glob)
            }
        } catch let refusal as ToolRefusal {
            return ToolOutcome(refusal)
        }
    }

    // MARK: - The tools

    private mutating func list(_ path: String?, glob: String?) async throws -> ToolOutcome {
        var (chosen, folder) = try await selection(path)
        if let glob { chosen = chosen.filter { matches(glob, $0.path, below: folder) } }
        guard !chosen.isEmpty else { throw ToolRefusal("no synced file matches") }
        return listing(
            of: chosen.map { ($0.path, $0.fingerprint.size) },
            below: folder,
            isNarrowed: glob != nil,
            limits: limits
        )
    }

    private mutating func read(_ path: String, first: Int?, last: Int?) async throws -> ToolOutcome {
        let file = try await file(path)
        let name = file.path.description
        let text = TextLines(try await bytes(of: file))
        guard text.count > 0 else { return ToolOutcome(text: "\(name) is empty.", summary: "empty") }
        let part = try numbered(text, of: name, first: first, last: last, limits: limits)
        let (from, to) = (part.shown.lowerBound, part.shown.upperBound)
        return ToolOutcome(
            text: part.text,
            summary: "lines \(from)-\(to) of \(text.count)",
            shown: [ShownLines(path: file.path, digest: file.digest, first: from, last: to)]
        )
    }

    private mutating func search(_ query: String, within path: String?) async throws -> ToolOutcome {
        let chosen = try await selection(path).files.filter { $0.media == .text }
        let search = LineSearch(query)
        let scan = try await scan(chosen, for: search)
        // A hit in a file that is kept back would answer guesses at what it hides: such a file is not searched at all.
        let kept = try await keptBack(scan.found)
        let open = scan.found.filter { !kept.contains($0.digest) }
        guard !open.isEmpty else { return try await passages(query, within: path, chosen, scan.unread) }
        let hits = open.reduce(0) { $0 + $1.count }
        var shown: [FoundLines] = []
        for file in open.sorted(by: { ($1.weight, $0.path) < ($0.weight, $1.path) }).prefix(limits.places) {
            guard let bytes = try? await workspace.bytes(of: file.shown, upTo: ByteCount(limits.fileBytes)) else {
                continue
            }
            let text = TextLines(bytes)
            shown.append(FoundLines(path: file.path, digest: file.digest, text: text, hits: search.hits(in: text)))
        }
        let part = excerpts(of: shown, limits: limits)
        let head = "\(hits == 1 ? "1 line" : "\(hits) lines") in \(open.count == 1 ? "1 file" : "\(open.count) files")"
        let left = open.count - Set(part.shown.map(\.path)).count
        return ToolOutcome(
            text: head + (left > 0 ? ", the best of them" : "") + ":\n" + part.text + note(on: scan.unread),
            summary: "\(hits == 1 ? "1 hit" : "\(hits) hits") in \(open.count == 1 ? "1 file" : "\(open.count) files")",
            shown: part.shown
        )
    }

    /// Without a line that has the text itself: the passages that are nearest to its words.
    private func passages(
        _ query: String,
        within path: String?,
        _ chosen: [KnownFile],
        _ unread: Int
    ) async throws -> ToolOutcome {
        let words = searchWords(query)
        let paths = Dictionary(
            chosen.map { ($0.linked ?? $0.digest, $0.path) },
            uniquingKeysWith: { first, _ in first }
        )
        try await workspace.indexContents(atMost: 2000)
        var found = try await workspace.manifest.passages(about: words, within: [], limit: 100)
        found = Array(found.filter { paths[$0.passage.digest] != nil }.prefix(6))
        let kept = try await keptBack(
            found.map { Place(path: $0.path, digest: $0.passage.digest, count: 1, weight: 0) }
        )
        found.removeAll { kept.contains($0.passage.digest) }
        guard !found.isEmpty else {
            return ToolOutcome(text: "No line has this." + note(on: unread), summary: "0 hits")
        }
        var text = "No line has exactly this. Nearest to its words:\n"
        var shown: [ShownLines] = []
        for hit in found {
            let part = TextPassage(
                firstLine: hit.passage.firstLine,
                lastLine: hit.passage.lastLine,
                text: hit.passage.text
            )
            let window = excerpt(of: part, words: words)
            let name = paths[hit.passage.digest] ?? hit.path
            text += "\n\(name):\(window.firstLine)\n"
            for (index, line) in window.lines.enumerated() {
                text += "  \(window.firstLine + index)\t\(beginning(of: line, bytes: limits.lineBytes))\n"
            }
            let last = window.firstLine + max(window.lines.count, 1) - 1
            shown.append(ShownLines(path: name, digest: hit.passage.digest, first: window.firstLine, last: last))
        }
        return ToolOutcome(
            text: text + note(on: unread),
            summary: "no line has it, \(found.count) passages about it",
            shown: shown
        )
    }

    private func note(on unread: Int) -> String {
        unread == 0 ? "" : "\n(\(unread) files have changed since they were synced, and were not searched.)\n"
    }

    // MARK: - Which files

    private mutating func synced() async throws -> [KnownFile] {
        if let files { return files }
        var all = try await workspace.manifest.known(in: .everything).filter { $0.linked != nil }
        if !workspace.showsEveryText(to: connection) {
            let sent = try await workspace.manifest.everSent(to: connection.id)
            all.removeAll { file in
                guard let digest = file.linked, !sent.contains(digest) else { return false }
                let refusal = connection.traits.refusal(of: file.media, size: file.fingerprint.size, at: file.path)
                return refusal?.isShownInChats != true
            }
        }
        files = all
        return all
    }

    /// The file of that name, which is text and may be shown.
    private mutating func file(_ name: String) async throws -> (path: WorkspacePath, digest: ContentDigest) {
        let all = try await synced()
        let wanted = Set([WorkspacePath(escaped: name), WorkspacePath(name)].compactMap(\.self))
        guard let file = all.first(where: { wanted.contains($0.path) }), let digest = file.linked else {
            guard !wanted.isEmpty else { throw ToolRefusal("there are only paths inside the workspace") }
            for known in try await workspace.manifest.known(in: .paths(Array(wanted)))
            where wanted.contains(known.path) {
                let place = Place(path: known.path, digest: known.digest, count: 1, weight: 0)
                if try await !keptBack([place]).isEmpty { throw Self.keptBack(known.path) }
                throw ToolRefusal("\(known.path) is not synced with this account")
            }
            if all.contains(where: { file in wanted.contains { file.path.isWithin($0) } }) {
                throw ToolRefusal("\(printable(name)) is a folder; list_files lists it")
            }
            throw ToolRefusal("there is no synced file \(printable(beginning(of: name, bytes: 200)))")
        }
        let media = digest == file.digest ? file.media : try await workspace.manifest.media(of: digest)
        guard media == .text || media == .empty else {
            throw ToolRefusal("\(file.path) is no text; the user can show it with @\(file.path)")
        }
        let place = Place(path: file.path, digest: digest, count: 1, weight: 0)
        guard try await keptBack([place]).isEmpty else { throw Self.keptBack(file.path) }
        return (file.path, digest)
    }

    private static func keptBack(_ path: WorkspacePath) -> ToolRefusal {
        ToolRefusal("\(path) is kept back: it holds a secret")
    }

    /// The files that a path stands for: one, those below a folder, or those that a glob matches.
    private mutating func selection(_ path: String?) async throws -> (files: [KnownFile], folder: WorkspacePath) {
        let all = try await synced()
        guard let path, path != ".", path != "/" else { return (all, .root) }
        for folder in [WorkspacePath(escaped: path), WorkspacePath(path)].compactMap(\.self) {
            let inside = all.filter { $0.path.isWithin(folder) }
            if !inside.isEmpty { return (inside, folder) }
        }
        let some = all.filter { matches(path, $0.path, below: .root) }
        guard !some.isEmpty else {
            throw ToolRefusal("there is no synced file at \(printable(beginning(of: path, bytes: 200)))")
        }
        return (some, .root)
    }

    /// In gitignore's syntax, as `@` in a question has it; in a folder, as if that were the root.
    private func matches(_ glob: String, _ path: WorkspacePath, below folder: WorkspacePath) -> Bool {
        let rule = IgnoreFile(globs: [glob])
        if rule.matches(path) { return true }
        guard !folder.isRoot, path.bytes.count > folder.bytes.count else { return false }
        return rule.matches(WorkspacePath(unchecked: Array(path.bytes[(folder.bytes.count + 1)...])))
    }

    // MARK: - Their bytes

    private func bytes(of file: (path: WorkspacePath, digest: ContentDigest)) async throws -> [UInt8] {
        let shown = Manifest.ShownFile(path: file.path, digest: file.digest)
        let size = try await workspace.size(of: shown)
        guard size <= limits.fileBytes else {
            throw ToolRefusal("\(file.path) has \(size) bytes; at most \(limits.fileBytes) can be read")
        }
        do {
            return try await workspace.bytes(of: shown, upTo: ByteCount(limits.fileBytes))
        } catch is WorkspaceError {
            throw ToolRefusal("\(file.path) has changed since it was synced; satchel sync brings it in step")
        }
    }

    /// Which of these hold secrets that must not leave, or could not be looked at.
    private func keptBack(_ places: [Place]) async throws -> Set<ContentDigest> {
        guard workspace.configuration.gate.mode == .block, !places.isEmpty else { return [] }
        let contents = places.map { place in
            LeavingContent(
                path: place.path,
                digest: place.digest,
                source: workspace.objects.contains(place.digest)
                    ? workspace.objects.source(place.digest) : FileSource(root: workspace.root, path: place.path)
            )
        }
        let verdict = try await workspace.inspect(contents, remembers: true)
        return Set(verdict.secrets.keys).union(verdict.unread.keys)
    }

    // MARK: - Searching

    /// A file with hits, without its bytes.
    private struct Place: Sendable {
        var path: WorkspacePath
        var digest: ContentDigest
        /// Lines.
        var count: Int
        var weight: Int

        var shown: Manifest.ShownFile { Manifest.ShownFile(path: path, digest: digest) }
    }

    /// Looks into every file, some side by side.
    private func scan(_ files: [KnownFile], for search: LineSearch) async throws -> (found: [Place], unread: Int) {
        let piece = 400
        let atOnce = 4
        var result: (found: [Place], unread: Int) = ([], 0)
        try await withThrowingTaskGroup(of: (found: [Place], unread: Int).self) { group in
            func take(_ some: (found: [Place], unread: Int)) {
                result.found += some.found
                result.unread += some.unread
            }
            for (index, start) in stride(from: 0, to: files.count, by: piece).enumerated() {
                try Task.checkCancellation()
                if index >= atOnce, let some = try await group.next() { take(some) }
                let some = Array(files[start..<min(start + piece, files.count)])
                group.addTask { [workspace, limits] in
                    try await workspace.onDiskQueue { [root = workspace.root, objects = workspace.objects, workspace] in
                        var found: [Place] = []
                        var unread = 0
                        for file in some where file.fingerprint.size <= limits.fileBytes {
                            guard let digest = file.linked else { continue }
                            let most = ByteCount(limits.fileBytes)
                            var bytes = try? readFile(file.path, in: root, upTo: most)
                            // Hashing costs more than looking: only what would be shown must be proved.
                            if let some = bytes, file.linked == file.digest, !search.isFound(in: some) { continue }
                            if bytes.map({ workspace.hashing.digest(of: $0) }) != digest {
                                bytes = try objects.read(digest, upTo: most)
                            }
                            guard let bytes else {
                                unread += 1
                                continue
                            }
                            let hits = search.hits(in: TextLines(bytes))
                            guard let weight = hits.map(\.weight).max() else { continue }
                            found.append(Place(path: file.path, digest: digest, count: hits.count, weight: weight))
                        }
                        return (found, unread)
                    }
                }
            }
            for try await some in group { take(some) }
        }
        return result
    }
}

extension Workspace {
    /// Whether the account keeps no copies in step, so that what was sent to it says nothing about what may be.
    func showsEveryText(to connection: Connection) -> Bool {
        !connection.traits.canReferFiles || isOnDemand(connection)
    }
}
