internal import SatchelCore
internal import SatchelManifest

/// Finds the places of quotations in the versions that a thread was shown; reads each of them once.
struct ShownTexts {
    let workspace: Workspace
    /// All that the thread was shown, the latest first.
    let files: [Manifest.ShownFile]
    private var texts: [ContentDigest: QuotedText?] = [:]

    init(_ workspace: Workspace, files: [Manifest.ShownFile]) {
        self.workspace = workspace
        self.files = files
    }

    /// The words of a file; nil for what is no text, or is not here any more.
    mutating func text(of file: Manifest.ShownFile) async -> QuotedText? {
        if let known = texts[file.digest] { return known }
        var text: QuotedText?
        if let media = try? await workspace.media(of: file), media == .text,
            let bytes = try? await workspace.bytes(of: file, upTo: .mebibytes(20))
        {
            text = QuotedText(bytes)
        }
        texts[file.digest] = .some(text)
        return text
    }

    /// What a provider's citation stands for here.
    mutating func resolve(
        _ citation: Citation,
        at offset: Int,
        _ ids: [RemoteFileID: ContentDigest]
    ) async -> ResolvedCitation {
        var result = ResolvedCitation(origin: .provider, offset: offset, finding: .unchecked)
        result.quote = citation.quote
        result.page = citation.page
        result.url = citation.url
        guard let file = file(of: citation, ids) else {
            result.name = citation.name ?? citation.file?.rawValue
            return result
        }
        result.file = file
        if let text = await text(of: file) {
            (result.lines, result.finding) = text.locate(citation.quote, at: citation.characters)
        }
        return result
    }

    private func file(of citation: Citation, _ ids: [RemoteFileID: ContentDigest]) -> Manifest.ShownFile? {
        let named = { (file: Manifest.ShownFile) in file.path.description == citation.name }
        if let id = citation.file {
            guard let digest = ids[id] else { return nil }
            let candidates = files.filter { $0.digest == digest }
            return candidates.first(where: named) ?? candidates.first
        }
        return files.first(where: named)
    }

    /// Looks a quotation of the answer up: in the file that it is said to be from, then in the others.
    mutating func verify(_ quotation: Quotation) async -> ResolvedCitation? {
        var result = ResolvedCitation(origin: .quote, offset: quotation.offset, finding: .notFound)
        result.quote = quotation.text
        let claimed = files.filter { quotation.claims($0.path.description) }
        for file in claimed + files.filter({ !claimed.contains($0) }) {
            guard let text = await text(of: file) else { continue }
            let line = quotation.line(in: file.path.description)
            let (lines, finding) = text.locate(quotation.text, at: nil, line: line)
            guard finding == .found else { continue }
            result.file = file
            result.lines = lines
            let isElsewhere = !claimed.isEmpty && !claimed.contains(file)
            let isOtherLine = line.flatMap { line in lines.map { !$0.contains(line) } } ?? false
            result.finding = isElsewhere || isOtherLine ? .moved : .found
            return result
        }
        // Words of its own, or of nobody in particular, claim nothing.
        for file in claimed where await text(of: file) != nil {
            result.file = file
            return result
        }
        return nil
    }
}
