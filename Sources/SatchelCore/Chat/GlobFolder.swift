/// The folder that everything lies in which a gitignore pattern can match: `docs` for `docs/*.md`.
///
/// A pattern without a slash, or with one at its end only, matches at any depth: the root.
package func globFolder(_ pattern: String) -> WorkspacePath {
    let folders = (pattern.hasSuffix("/") ? pattern.dropLast() : pattern[...])
        .split(separator: "/", omittingEmptySubsequences: false)
        .dropLast()
    guard !pattern.hasPrefix("!") else { return .root }
    // A leading slash only ties the pattern to the root.
    let literal = folders.drop(while: \.isEmpty).prefix { part in
        !part.isEmpty && !part.contains { "*?[\\".contains($0) }
    }
    return WorkspacePath(literal.joined(separator: "/")) ?? .root
}
