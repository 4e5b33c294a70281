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
    /// True when a variable and a flag may give several values.
    var isList = false
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
    /// What else is wrong with the value.
    var others: [Mismatch] = []

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
    /// A setting of one word, number or line; what stands in the place of one that `isSecret` is not repeated.
    static func scalar<Value>(
        _ name: String,
        _ path: any WritableKeyPath<Root, Value> & Sendable,
        environment: String? = nil,
        type: String,
        expected: String,
        _ summary: String,
        isPersonal: Bool = false,
        isSecret: Bool = false,
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
                guard let text = input.node.text, let value = parse(text) else {
                    throw Mismatch(isSecret ? "expected \(expected)" : nil)
                }
                root[keyPath: path] = value
            },
            show: { root in show(root[keyPath: path]).map { .text($0) } ?? .unset }
        )
    }

    /// A setting of several lines, each with its place.
    ///
    /// What one place says takes the place of what a lower one did; with `keepsOwn` a workspace only adds to it.
    static func list<Item>(
        _ name: String,
        _ path: any WritableKeyPath<Root, [Item]> & Sendable,
        environment: String? = nil,
        type: String,
        expected: String,
        itemExpected: String,
        _ summary: String,
        isPersonal: Bool = false,
        keepsOwn: Bool = false,
        item: @escaping @Sendable (String, _ origin: String, _ line: Int) throws(Mismatch) -> Item?,
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
                var items = keepsOwn && input.source.isWorkspace ? root[keyPath: path] : []
                if input.node.isNothing { return root[keyPath: path] = items }
                guard case .list(let nodes) = input.node.content else { throw Mismatch() }
                var wrong: [Mismatch] = []
                for node in nodes {
                    do throws(Mismatch) {
                        guard let text = node.text, let value = try item(text, input.origin, node.line) else {
                            throw Mismatch()
                        }
                        items.append(value)
                    } catch {
                        let message = error.message ?? "expected \(itemExpected), found \(node.found)"
                        wrong.append(Mismatch(message, at: node))
                    }
                }
                if var first = wrong.first {
                    first.others = Array(wrong.dropFirst())
                    throw first
                }
                root[keyPath: path] = items
            },
            show: { root in .list(root[keyPath: path].map(show)) },
            isList: true
        )
    }
}
