import FoundationEssentials
import Glibc
import SatchelCore
import SatchelKit

/// Citations as numbered lines below an answer; on a terminal they open the file.
struct CitationText {
    let root: String
    let output: Output

    /// A terminal that shows colours is taken to know links too; others leave the sequence out (OSC 8).
    private var hasLinks: Bool { output.color }

    /// One line for each different place that the provider told, then one for each quotation that was looked up.
    func lines(_ citations: [ResolvedCitation]) -> [String] {
        var places: [ResolvedCitation] = []
        for citation in citations where citation.origin == .provider {
            if !places.contains(where: { $0.isSamePlace(as: citation) }) { places.append(citation) }
        }
        let told = places.enumerated().map { "[\($0 + 1)] \(line($1))" }
        let quotes = citations.filter { $0.origin == .quote }.map { "\(mark($0.finding)) \(line($0))" }
        return told + quotes
    }

    private func mark(_ finding: ResolvedCitation.Finding) -> String {
        switch finding {
        case .found: output.painted("✓", .green)
        case .moved: output.painted("≈", .yellow)
        case .notFound: output.painted("✗", .red)
        case .unchecked: "·"
        }
    }

    private func line(_ citation: ResolvedCitation) -> String {
        var parts = [place(of: citation)]
        if let quote = citation.quote { parts.append("“\(shortened(quote))”") }
        switch (citation.finding, citation.origin) {
        case (.notFound, _): parts.append(output.painted("not found there", .red))
        case (.moved, _): parts.append(output.painted("found here, not where it was said to be", .yellow))
        case (.found, _), (.unchecked, _): break
        }
        return parts.joined(separator: "  ")
    }

    private func place(of citation: ResolvedCitation) -> String {
        guard let file = citation.file else {
            return printable(citation.url ?? citation.name ?? "a source that has no name")
        }
        var text = "\(file.path)"
        if let lines = citation.lines {
            text += lines.count == 1 ? ":\(lines.lowerBound)" : ":\(lines.lowerBound)-\(lines.upperBound)"
        } else if let page = citation.page {
            text += " page \(page)"
        }
        guard hasLinks, let url = url(of: file, line: citation.lines?.lowerBound) else { return text }
        return "\u{1b}]8;;\(url)\u{1b}\\\(text)\u{1b}]8;;\u{1b}\\"
    }

    /// The file as it is, or where it has changed since, the version that was shown, which the local store keeps.
    private func url(of file: ShownFile, line: Int?) -> String? {
        let hex = file.digest.hex
        let stored = "\(root)/.satchel/objects/\(hex.prefix(2))/\(hex.dropFirst(2))"
        let path = Array(root.utf8) + [UInt8(ascii: "/")] + file.path.bytes
        let isCurrent =
            size(Array(path)).map { $0 == size(Array(stored.utf8)) || size(Array(stored.utf8)) == nil } ?? false
        let target = isCurrent ? path : Array(stored.utf8)
        var host = [CChar](repeating: 0, count: 256)
        gethostname(&host, host.count - 1)
        let name = String(decoding: host.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
        return "file://\(name)\(percentEncoded(target))\(line.map { "#\($0)" } ?? "")"
    }

    private func size(_ path: [UInt8]) -> Int64? {
        var status = stat()
        guard stat(path.map { CChar(bitPattern: $0) } + [0], &status) == 0 else { return nil }
        return Int64(status.st_size)
    }

    private func percentEncoded(_ path: [UInt8]) -> String {
        path.reduce(into: "") { text, byte in
            let isPlain =
                (0x30...0x39).contains(byte) || (0x41...0x5a).contains(byte) || (0x61...0x7a).contains(byte)
                || "-._~/".utf8.contains(byte)
            if isPlain {
                text.unicodeScalars.append(Unicode.Scalar(byte))
            } else {
                let digits = String(byte, radix: 16, uppercase: true)
                text += "%" + (digits.count == 1 ? "0" : "") + digits
            }
        }
    }

    private func shortened(_ quote: String) -> String {
        let line = quote.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return printable(line.count > 60 ? "\(line.prefix(59))…" : line)
    }
}

extension [ResolvedCitation] {
    /// Whether a quotation that was looked up is not where the answer says.
    var misquotes: Bool { contains { $0.origin == .quote && ($0.finding == .notFound || $0.finding == .moved) } }
}

extension Output {
    /// The places below an answer, where it has some.
    func citations(_ citations: [ResolvedCitation], in root: String) {
        let notes = CitationText(root: root, output: self).lines(citations)
        guard !notes.isEmpty else { return }
        info("")
        for note in notes { info(note) }
    }
}

/// A citation in every document that has some.
struct JSONCitation: Encodable {
    var origin, finding: String
    var offset: Int
    var path, sha256: String?
    var line, lastLine, page: Int?
    var quote, name, url: String?

    init(_ citation: ResolvedCitation) {
        origin = citation.origin.rawValue
        finding = citation.finding.rawValue
        offset = citation.offset
        path = citation.file?.path.description
        sha256 = citation.file?.digest.hex
        line = citation.lines?.lowerBound
        lastLine = citation.lines?.upperBound
        page = citation.page
        (quote, name, url) = (citation.quote, citation.name, citation.url)
    }

    /// Nil where there is none, so that the key is absent.
    static func all(_ citations: [ResolvedCitation]) -> [JSONCitation]? {
        citations.isEmpty ? nil : citations.map(JSONCitation.init)
    }
}
