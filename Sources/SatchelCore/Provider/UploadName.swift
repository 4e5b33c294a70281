/// The name a content is uploaded under: `Main.3f2a9c01d4e5f607.swift.txt`.
///
/// The first 16 hexadecimal digits of the digest make it unique per content, so that a copy whose answer was lost is
/// found again by name. ASCII letters, digits, `.`, `-` and `_` only, at most 100 bytes: servers rewrite everything
/// else in their own ways.
package func uploadName(
    for path: WorkspacePath,
    digest: ContentDigest,
    media: MediaType,
    naming: ProviderTraits.Naming
) -> String {
    func tame(_ part: Substring) -> String {
        String(
            part.unicodeScalars.map { scalar in
                switch scalar {
                case "a"..."z", "A"..."Z", "0"..."9", "-": Character(scalar)
                default: "_"
                }
            }
        )
    }
    let name = String(decoding: path.name, as: UTF8.self)
    var stem = name[...]
    var fileExtension = ""
    // A leading dot starts a hidden name, not an extension: `.gitignore` has none.
    if let dot = name.lastIndex(of: "."), dot != name.startIndex {
        stem = name[..<dot]
        fileExtension = String(tame(name[name.index(after: dot)...]).prefix(16))
    }
    while stem.hasPrefix(".") { stem = stem.dropFirst() }
    let short = tame(stem).prefix(60)
    var result = "\(short.isEmpty ? "file" : short).\(digest.prefix(16))"
    if !fileExtension.isEmpty { result += ".\(fileExtension)" }
    switch naming {
    case .asIs:
        break
    case .textExtension(let accepted):
        let isTextLike = media == .text || media == .utf16 || media == .empty
        if isTextLike, !accepted.contains(fileExtension.lowercased()) { result += ".txt" }
        if media.isImage, let proper = imageExtension(media), !proper.contains(fileExtension.lowercased()) {
            result += "." + proper[0]
        }
        if media == .pdf, fileExtension.lowercased() != "pdf" { result += ".pdf" }
    }
    return result
}

/// The extensions that go with a picture's bytes, the usual one first.
private func imageExtension(_ media: MediaType) -> [String]? {
    switch media {
    case .png: ["png"]
    case .jpeg: ["jpg", "jpeg"]
    case .gif: ["gif"]
    case .webp: ["webp"]
    case .empty, .text, .pdf, .zip, .binary, .utf16: nil
    }
}

/// The `Content-Type` of a content: by its bytes, never by what its name could mean.
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
