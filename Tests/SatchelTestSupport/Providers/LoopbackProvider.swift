/// A provider's API on 127.0.0.1, written from what the provider publishes and not from what our client expects.
///
/// The shared suites talk to every one of them through this; what only one of them can do is asked of that one.
package protocol LoopbackProvider: Sendable {
    var server: LoopbackServer { get }
    var store: LoopbackStore { get }

    /// What the variable of the provider's base URL holds.
    var baseURL: String { get }

    /// A key that is taken.
    var key: String { get }

    /// A key of somebody else, who sees none of the first one's files.
    var otherKey: String { get }

    /// The variables that lead a program here.
    var environment: [String: String] { get }

    /// The request that brings the bytes of a small file, as ``LoopbackServer/inject(_:on:times:)`` takes it.
    var uploadRoute: LoopbackMatch { get }

    /// The request for a listing.
    var listRoute: LoopbackMatch { get }

    /// Entries that a page of a listing has at most, whatever was asked for.
    var maxPage: Int { get nonmutating set }

    /// Queues how the next chat request is answered; without any the model echoes what it was shown.
    func nextAnswer(_ answer: LoopbackAnswer)

    /// The refusal in the provider's own shape, without carrying the request out.
    func refusing(_ refusal: LoopbackRefusal) -> LoopbackFault
}

/// What every provider can say no for.
package enum LoopbackRefusal: Hashable, Sendable, CaseIterable {
    /// Too many requests; wait so many seconds.
    case rateLimited(seconds: Int)
    /// Money is used up: waiting does not help.
    case spent
    /// The key is wrong.
    case unauthorised
    /// The key may not do this.
    case forbidden
    case tooLarge
    /// Their side has a fault that passes.
    case overloaded

    package static let allCases: [LoopbackRefusal] = [
        .rateLimited(seconds: 3), .spent, .unauthorised, .forbidden, .tooLarge, .overloaded,
    ]
}

extension LoopbackProvider {
    package var files: [LoopbackStore.File] { store.files }
    package var uploadCount: Int { store.uploadCount }
    package var deleteCount: Int { store.deleteCount }
}
