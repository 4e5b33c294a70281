/// What some bytes are, as far as it decides how a provider takes them.
///
/// The raw values are stored in the manifest and must not be renumbered.
package enum MediaType: UInt8, Hashable, Sendable, CaseIterable {
    case empty = 0
    /// UTF-8 without NUL: source code, prose, SVG, JSON.
    case text = 1
    case png = 2
    case jpeg = 3
    case gif = 4
    case webp = 5
    case pdf = 6
    /// A ZIP container: office documents by their extension, otherwise an archive.
    case zip = 7
    /// Anything else.
    case binary = 8
    /// UTF-16 with a byte order mark.
    case utf16 = 9

    /// Pictures that models are shown as pictures.
    package var isImage: Bool {
        switch self {
        case .png, .jpeg, .gif, .webp: true
        case .empty, .text, .pdf, .zip, .binary, .utf16: false
        }
    }
}
