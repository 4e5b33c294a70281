/// A file, folder or glob that a prompt points at.
package struct Mention: Hashable, Sendable {
    /// As it stands in the prompt, with the `@`.
    package var text: String
    /// Without `@` and quotes; a trailing slash says that it is a folder.
    package var target: String

    package var isGlob: Bool { target.contains { $0 == "*" || $0 == "?" || $0 == "[" } }
}

/// The mentions of a prompt, in order, each target once.
///
/// A mention starts with `@` at the beginning or after white space or an opening bracket, and runs to the next white
/// space; `@"…"` may hold spaces. Punctuation at its end belongs to the sentence.
package func mentions(in prompt: String) -> [Mention] {
    var found: [Mention] = []
    var previous: Character = " "
    var index = prompt.startIndex
    while index < prompt.endIndex {
        let character = prompt[index]
        let next = prompt.index(after: index)
        defer { previous = character }
        guard character == "@", previous.isWhitespace || "([{<'\"".contains(previous), next < prompt.endIndex else {
            index = next
            continue
        }
        if prompt[next] == "\"", let close = prompt[prompt.index(after: next)...].firstIndex(of: "\"") {
            let target = String(prompt[prompt.index(after: next)..<close])
            add(Mention(text: String(prompt[index...close]), target: target), to: &found)
            index = prompt.index(after: close)
            continue
        }
        var end = prompt[next...].firstIndex(where: \.isWhitespace) ?? prompt.endIndex
        while end > next, ",.;:!?)]}>'\"".contains(prompt[prompt.index(before: end)]) { end = prompt.index(before: end) }
        add(Mention(text: String(prompt[index..<end]), target: String(prompt[next..<end])), to: &found)
        index = max(end, next)
    }
    return found
}

private func add(_ mention: Mention, to found: inout [Mention]) {
    guard !mention.target.isEmpty, !found.contains(where: { $0.target == mention.target }) else { return }
    found.append(mention)
}
