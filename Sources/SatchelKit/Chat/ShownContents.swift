internal import SatchelCore

/// What a conversation has shown so far: the same bytes again would be billed again.
struct ShownContents {
    /// The name under which a content was last shown itself.
    private var names: [ContentDigest: String] = [:]
    /// What the name stands for at this point of the conversation.
    private var latest: [String: ContentDigest] = [:]

    /// Notes that a file comes next.
    ///
    /// - Returns: the name that its content stands under above; nil when it has to be shown itself, also because another
    ///   version has come under that name since: whoever reads on takes that one for what is above.
    mutating func note(_ digest: ContentDigest, as name: String) -> String? {
        defer { latest[name] = digest }
        if let first = names[digest], latest[first] == digest { return first }
        names[digest] = name
        return nil
    }
}
