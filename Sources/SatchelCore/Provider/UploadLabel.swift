/// What a content is called and declared as on its way to a provider.
package struct UploadLabel: Hashable, Sendable {
    /// `Main.3f2a9c01d4e5f607.k7m2q9xd.swift.txt`.
    package var name: String
    /// `Content-Type` of the bytes.
    package var mime: String

    package init(name: String, mime: String) {
        self.name = name
        self.mime = mime
    }
}

/// The name and type that a content is uploaded under.
///
/// The type follows from the bytes, never from what an extension could mean: `.ts` is TypeScript here and a video
/// elsewhere. Only for a ZIP container does the extension say which document it is.
///
/// The first 16 hexadecimal digits of the digest tell the content, and the mark tells this upload of it from all others:
/// a copy whose answer was lost is found again by name, and a copy that another workspace or an earlier upload made is
/// never taken for it. The name has ASCII letters, digits, `.`, `-` and `_` only, at most 100 bytes: servers rewrite
/// everything else in their own ways.
///
/// - Parameters:
///   - path: where the content was found first.
///   - digest: of all its bytes.
///   - media: what its bytes are.
///   - traits: of the provider it goes to.
///   - mark: of this upload.
/// - Returns: the label.
package func uploadLabel(
    for path: WorkspacePath,
    digest: ContentDigest,
    media: MediaType,
    traits: ProviderTraits,
    mark: UploadMark
) -> UploadLabel {
    let parts = path.nameParts
    let stem = tame(parts.stem.drop { $0 == "." }).prefix(50)
    let fileExtension = String(tame(parts.extension).prefix(16))
    var name = "\(stem.isEmpty ? "file" : stem).\(digest.prefix(16)).\(mark)"
    if !fileExtension.isEmpty { name += ".\(fileExtension)" }
    if case .textExtension(let accepted) = traits.naming {
        name += addedExtension(to: fileExtension.lowercased(), media: media, accepted: accepted)
    }
    let document = media == .zip ? containers[path.fileExtension] : nil
    return UploadLabel(name: name, mime: document ?? mimeType(of: media))
}

/// The `Content-Type` of a content: by its bytes.
package func mimeType(of media: MediaType) -> String {
    switch media {
    case .empty, .text: "text/plain"
    case .utf16: "text/plain; charset=utf-16"
    case .png: "image/png"
    case .jpeg: "image/jpeg"
    case .gif: "image/gif"
    case .webp: "image/webp"
    case .pdf: "application/pdf"
    case .zip: "application/zip"
    case .binary: "application/octet-stream"
    }
}

/// Documents that are ZIP containers, by their extension (ECMA-376, ISO/IEC 26300, W3C EPUB 3).
private let containers: [String: String] = [
    "docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "pptx": "application/vnd.openxmlformats-officedocument.presentationml.presentation",
    "odt": "application/vnd.oasis.opendocument.text",
    "ods": "application/vnd.oasis.opendocument.spreadsheet",
    "odp": "application/vnd.oasis.opendocument.presentation",
    "epub": "application/epub+zip",
]

/// What a provider that goes by extensions must read behind the real one.
private func addedExtension(to fileExtension: String, media: MediaType, accepted: Set<String>) -> String {
    switch media {
    case .text, .utf16, .empty: accepted.contains(fileExtension) ? "" : ".txt"
    case .png: fileExtension == "png" ? "" : ".png"
    case .jpeg: ["jpg", "jpeg"].contains(fileExtension) ? "" : ".jpg"
    case .gif: fileExtension == "gif" ? "" : ".gif"
    case .webp: fileExtension == "webp" ? "" : ".webp"
    case .pdf: fileExtension == "pdf" ? "" : ".pdf"
    case .zip, .binary: ""
    }
}

/// Everything but ASCII letters, digits, `-` and `_` as `_`.
private func tame(_ part: Substring) -> String {
    String(
        part.unicodeScalars.map { scalar in
            switch scalar {
            case "a"..."z", "A"..."Z", "0"..."9", "-": Character(scalar)
            default: "_"
            }
        }
    )
}

extension WorkspacePath {
    /// `Main` and `swift` of `src/Main.swift`, with U+FFFD for what is not UTF-8; `Makefile` and `.gitignore` have no
    /// extension.
    fileprivate var nameParts: (stem: Substring, extension: Substring) {
        let text = String(decoding: name, as: UTF8.self)
        guard let dot = text.lastIndex(of: "."), dot != text.startIndex else { return (text[...], "") }
        return (text[..<dot], text[text.index(after: dot)...])
    }

    /// `swift` of `src/Main.SWIFT`; empty where there is none.
    package var fileExtension: String { nameParts.extension.lowercased() }
}
