internal import SatchelCore

/// Who makes pictures.
package struct ImageDefaults: Hashable, Sendable {
    /// Nil: the account that answers chats.
    package var account: String?
    /// Nil: the one that the provider draws with.
    package var model: String?

    package init() {}
}

extension Configuration {
    static let imageSettings: [Setting<Configuration>] = [
        .scalar(
            "image.account",
            \.image.account,
            environment: "SATCHEL_IMAGE_ACCOUNT",
            type: "account name",
            expected: "the name of an account",
            "the account that makes pictures, when it is not the one that answers chats",
            parse: { isAccountName($0) ? .some($0) : nil },
            show: { $0 }
        ),
        .text(
            "image.model",
            \.image.model,
            environment: "SATCHEL_IMAGE_MODEL",
            expected: "the name of a model",
            "the model that makes pictures there"
        ),
    ]

    /// The account for pictures: the named one, else `image.account`, else the one that answers chats; nil for the
    /// default one.
    package func imageAccount(named name: String?) -> String? { name ?? image.account ?? chat.account }

    /// The model for pictures at that account: `image.model` is of the usual account alone.
    package func imageModel(at name: String?) -> String? {
        name == nil || name == image.account ? image.model : nil
    }
}
