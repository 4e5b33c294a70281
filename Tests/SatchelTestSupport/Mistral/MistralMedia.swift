/// What the provider takes an uploaded file for, and for what purposes it takes it.
struct MistralMedia {
    /// The media type it received, without parameters.
    var type: String
    var bytes: ArraySlice<UInt8>

    /// By what the part says, or by the name where the part says nothing.
    init(name: String, contentType: String?, bytes: ArraySlice<UInt8>) {
        let declared = contentType.map { String($0.prefix { $0 != ";" }).lowercased().trimming(" ") }
        type = declared ?? Self.fileExtension(of: name).flatMap { Self.byExtension[$0] } ?? "application/octet-stream"
        self.bytes = bytes
    }

    /// The types that the refusal lists, in its order, after `image/.*`.
    private static let documents = [
        "application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "application/vnd.openxmlformats-officedocument.presentationml.presentation", "application/epub+zip",
        "application/docbook+xml", "application/rtf", "application/vnd.oasis.opendocument.text",
        "application/x-biblatex", "application/x-bibtex", "application/x-endnote+xml", "application/x-fictionbook+xml",
        "application/x-ipynb+json", "application/x-jats+xml", "application/x-latex", "application/x-opml+xml",
        "text/troff", "text/x-dokuwiki",
    ]
    private static let byExtension = [
        "pdf": "application/pdf", "png": "image/png", "jpg": "image/jpeg", "jpeg": "image/jpeg", "gif": "image/gif",
        "webp": "image/webp", "epub": "application/epub+zip", "rtf": "application/rtf",
        "odt": "application/vnd.oasis.opendocument.text", "ipynb": "application/x-ipynb+json",
        "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
        "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    ]
    private static let signatures: [String: [UInt8]] = [
        "application/pdf": Array("%PDF-".utf8), "image/png": [0x89, 0x50, 0x4e, 0x47], "image/jpeg": [0xff, 0xd8],
        "image/gif": Array("GIF8".utf8), "image/webp": Array("RIFF".utf8), "application/rtf": Array("{\\rtf".utf8),
        "application/epub+zip": Array("PK".utf8), "application/vnd.oasis.opendocument.text": Array("PK".utf8),
        "application/vnd.openxmlformats-officedocument.wordprocessingml.document": Array("PK".utf8),
        "application/vnd.openxmlformats-officedocument.presentationml.presentation": Array("PK".utf8),
    ]

    /// In lower case, without its dot.
    static func fileExtension(of name: String) -> String? {
        guard let dot = name.lastIndex(of: "."), name.index(after: dot) < name.endIndex else { return nil }
        return name[name.index(after: dot)...].lowercased()
    }

    var isImage: Bool { type.hasPrefix("image/") }

    /// For `purpose=ocr`: documents and pictures, no text, no archives, and nothing that is not what it says.
    func checkForOCR(looksInside: Bool = true) throws(MistralFailure) {
        var received = type
        if looksInside, let signature = Self.signatures[type], !bytes.starts(with: signature) {
            received = bytes.starts(with: Array("PK".utf8)) ? "application/zip" : "text/plain"
        } else if isImage || Self.documents.contains(type) {
            return
        }
        let supported = (Self.documents.prefix(1) + ["image/.*"] + Self.documents.dropFirst()).joined(separator: ", ")
        throw .detail(
            422,
            "Invalid file format.",
            message: "Received file with mimetype \(received), only \(supported) are currently supported"
        )
    }

    /// For `purpose=batch` and `purpose=fine-tune`: JSON line by line.
    func checkAsLines() throws(MistralFailure) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .detail(422, "Failed to decode data, please encode your file using UTF-8.")
        }
        let lines = text.split(whereSeparator: \.isNewline)
        let wrong = lines.indices.filter { JSONValue(parsing: String(lines[$0])) == nil }
        guard !lines.isEmpty, wrong.isEmpty else {
            let errors = wrong.map { index -> JSONValue in
                ["message": "line contains invalid json: unexpected character", "line_number": .int(Int64(index + 1))]
            }
            throw MistralFailure(
                status: 422,
                body: [
                    "detail": "Invalid file format.",
                    "description": .string("Found \(wrong.count) errors in this file."), "errors": .array(errors),
                ]
            )
        }
    }

    /// Page objects of a PDF, by looking for them: enough for the small ones of tests.
    static func pages(ofPDF bytes: ArraySlice<UInt8>) -> Int {
        let text = String(decoding: bytes, as: UTF8.self)
        return text.split(separator: "/Type /Page", omittingEmptySubsequences: false).dropFirst()
            .count { !$0.hasPrefix("s") }
    }
}
