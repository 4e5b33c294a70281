/// `text` with the query of every URL in it replaced by an ellipsis.
///
/// Servers repeat the URL that they could not read, and its query may be a signature that opens a file to anybody.
func withoutQueries(_ text: String) -> String {
    var result = ""
    var rest = text[...]
    while let scheme = rest.firstRange(of: "://") {
        let tail = rest[scheme.upperBound...]
        let end = tail.firstIndex { $0.isWhitespace || "'\"<>`".contains($0) } ?? rest.endIndex
        if let query = tail[..<end].firstIndex(where: { $0 == "?" || $0 == "#" }) {
            result += rest[...query] + "…"
        } else {
            result += rest[..<end]
        }
        rest = rest[end...]
    }
    return result + rest
}
