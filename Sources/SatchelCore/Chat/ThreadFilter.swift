package import FoundationEssentials

/// Which conversations are listed.
package struct ThreadFilter: Hashable, Sendable {
    /// Those that are put away, or those that are not.
    package var archived = false
    /// Only with this in their title; ASCII letters match both cases.
    package var title: String?
    /// Only those written to since.
    package var since: Date?
    /// Only those that showed this file or one below this folder, in any version.
    package var path: WorkspacePath?

    package init() {}
}

/// Which messages of a conversation are shown.
package struct MessageFilter: Hashable, Sendable {
    package var role: ChatRequest.Turn.Role?
    package var status: MessageStatus?
    /// From the last message backwards; the order stays.
    package var fromEnd = false

    package init() {}
}
