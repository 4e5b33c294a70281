import FoundationEssentials
import SatchelCore
import SatchelKit

/// A picture or file that was made for an answer, in documents.
struct JSONOutput: Encodable {
    var name: String
    /// Missing for what could not be kept.
    var sha256: String?
    var bytes: Int64?
    var mime: String?
    /// Where a copy was written, for people.
    var file: String?
    /// Why it could not be kept.
    var error: String?

    init(_ kept: KeptFile, file: String? = nil) {
        name = kept.name
        error = kept.error
        self.file = file
        guard let digest = kept.digest else { return }
        (sha256, bytes, mime) = (digest.hex, kept.size, mimeType(of: kept.media))
    }

    /// Nil for none, so that documents without any look as ever.
    static func all(_ outputs: [KeptFile]) -> [JSONOutput]? {
        outputs.isEmpty ? nil : outputs.map { JSONOutput($0) }
    }
}

extension KeptFile {
    /// `plot.png  12 KB  satchel cat 3f2a9c01d5e7`, or why there is nothing.
    var line: String {
        guard let digest else { return "\(printable(name)): could not be kept: \(printable(error ?? "lost"))" }
        return "\(printable(name))  \(ByteCount(size))  satchel cat \(digest.prefix(12))"
    }
}

extension Output {
    /// Shows a picture where standard output is a terminal that can; false where it cannot.
    @discardableResult
    func picture(_ kept: KeptFile, in workspace: Workspace) async -> Bool {
        guard let graphics, kept.media.isImage, let digest = kept.digest,
            let bytes = await workspace.storedBytes(of: digest, upTo: ByteCount(Int64(TerminalGraphics.largest))),
            let text = graphics.picture(bytes)
        else { return false }
        line(text)
        return true
    }

    /// What was made for an answer, in lines under it, with pictures where the terminal shows them.
    func outputs(_ outputs: [KeptFile], indent: String = "", word: String = "", in workspace: Workspace) async {
        for kept in outputs {
            let colour: Colour = kept.digest == nil ? .yellow : .grey
            line("\(indent)\(painted("\(kept.digest == nil ? "" : word)\(kept.line)", colour))")
            await picture(kept, in: workspace)
        }
    }
}
