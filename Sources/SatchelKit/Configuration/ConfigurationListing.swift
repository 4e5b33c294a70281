internal import SatchelCore

/// One line of `config ls`.
package struct ConfigurationRow: Hashable, Sendable {
    /// Whole and dotted: `watch.quiet`, `accounts.openai.model`.
    package var key: String
    package var value: SettingValue
    package var source: ConfigurationSource

    package init(key: String, value: SettingValue, source: ConfigurationSource) {
        self.key = key
        self.value = value
        self.source = source
    }
}

extension Configuration {
    /// Every setting with its value and where that came from; of accounts what is set.
    ///
    /// Keys and the values of headers are masked.
    package var listing: [ConfigurationRow] {
        let general = Configuration.settings.map { setting in
            ConfigurationRow(key: setting.name, value: setting.show(self), source: source(of: setting.name))
        }
        return general + accounts.flatMap(\.listing)
    }
}

extension AccountConfiguration {
    fileprivate var listing: [ConfigurationRow] {
        var rows: [ConfigurationRow] = []
        for setting in AccountConfiguration.settings {
            let value = setting.show(self)
            let isKind = setting.name == "kind"
            guard isKind || value != .unset else { continue }
            let source = isKind && !kindIsGiven ? self.source : source(of: setting.name)
            rows.append(ConfigurationRow(key: "accounts.\(name).\(setting.name)", value: value, source: source))
        }
        return rows
    }
}
