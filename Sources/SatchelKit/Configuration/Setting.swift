/// One key of the configuration: its name, how it is read and shown, and what the documentation says of it.
///
/// `Root` is what the value is stored in: the configuration, or one account of it.
package struct Setting<Root>: Sendable {
    /// Whole and dotted, such as `watch.quiet`; of an account only the last part.
    package let name: String
    /// The variable that sets it, if any.
    package let environment: String?
    /// A word for documentation: `duration`, `size`, `list of patterns`.
    package let type: String
    /// The end of `expected …`.
    package let expected: String
    /// One line for people.
    package let summary: String
    /// True when the workspace's own file may not say it.
    package let isPersonal: Bool
    let read: @Sendable (SettingInput, inout Root) throws(Mismatch) -> Void
    /// The value as `config ls` shows it.
    package let show: @Sendable (Root) -> SettingValue
}

/// What was said for a setting, and by whom.
struct SettingInput {
    var node: YAMLNode
    var source: ConfigurationSource
    /// The file, flag or variable, as rules name it.
    var origin: String
    /// False when others than the owner may read the file.
    var isPrivate: Bool
}

/// A value that is not what the setting takes.
struct Mismatch: Error {
    /// Instead of `expected …, found …`.
    var message: String?
    /// Where it stands, when that is inside the value.
    var node: YAMLNode?

    init(_ message: String? = nil, at node: YAMLNode? = nil) {
        self.message = message
        self.node = node
    }
}

/// A value as people read it in `config ls`.
package enum SettingValue: Hashable, Sendable {
    case unset
    case text(String)
    case list([String])
}

extension SettingValue: CustomStringConvertible {
    package var description: String {
        switch self {
        case .unset: "-"
        case .text(let text): text
        case .list(let items): items.isEmpty ? "[]" : items.joined(separator: ", ")
        }
    }
}

extension Setting {
    /// A setting of one word, number or line.
    static func scalar<Value>(
        _ name: String,
        _ path: any WritableKeyPath<Root, Value> & Sendable,
        environment: String? = nil,
        type: String,
        expected: String,
        _ summary: String,
        isPersonal: Bool = false,
        parse: @escaping @Sendable (String) -> Value?,
        show: @escaping @Sendable (Value) -> String?
    ) -> Setting {
        Setting(
            name: name,
            environment: environment,
            type: type,
            expected: expected,
            summary: summary,
            isPersonal: isPersonal,
            read: { (input, root) throws(Mismatch) in
                guard let text = input.node.text, let value = parse(text) else { throw Mismatch() }
                root[keyPath: path] = value
            },
            show: { root in show(root[keyPath: path]).map { .text($0) } ?? .unset }
        )
    }

    /// A setting of several lines, each with its place.
    static func list<Item>(
        _ name: String,
        _ path: any WritableKeyPath<Root, [Item]> & Sendable,
        environment: String? = nil,
        type: String,
        expected: String,
        itemExpected: String,
        _ summary: String,
        isPersonal: Bool = false,
        item: @escaping @Sendable (String, _ origin: String, _ line: Int) -> Item?,
        show: @escaping @Sendable (Item) -> String
    ) -> Setting {
        Setting(
            name: name,
            environment: environment,
            type: type,
            expected: expected,
            summary: summary,
            isPersonal: isPersonal,
            read: { (input, root) throws(Mismatch) in
                if input.node.isNothing { return root[keyPath: path] = [] }
                guard case .list(let nodes) = input.node.content else { throw Mismatch() }
                var items: [Item] = []
                for node in nodes {
                    guard let text = node.text, let value = item(text, input.origin, node.line) else {
                        throw Mismatch("expected \(itemExpected), found \(node.found)", at: node)
                    }
                    items.append(value)
                }
                root[keyPath: path] = items
            },
            show: { root in .list(root[keyPath: path].map(show)) }
        )
    }
}
