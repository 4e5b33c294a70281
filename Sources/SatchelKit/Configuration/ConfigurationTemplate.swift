internal import SatchelCore

/// The `satchel.yaml` that `init` writes: every setting of a workspace, commented out, with its default.
///
/// A line that starts with `#` and no space behind it is a setting; with a space it is prose. Taking the `#` of all
/// settings away leaves a configuration that says what the defaults say.
///
/// - Parameters:
///   - pins: files to propose for `pin`, as ``proposedPins(among:)`` finds them.
///   - variable: a variable of the environment that holds a provider's key, to be mentioned; its value is not.
/// - Returns: the text of the file.
package func configurationTemplate(pins: [String] = [], variable: String? = nil) -> String {
    let keyLine =
        variable.map { "# \($0) is set, so that account needs no lines here." }
        ?? "# With OPENAI_API_KEY in the environment, openai needs no lines here."
    let pinned = pins.isEmpty ? "[]" : "[\(pins.map(quoted).joined(separator: ", "))]"
    return """
        # Satchel: which files of this folder are kept in step with a provider, and how.
        # Every line that starts with # and a setting shows the default; take the # away to change it.
        # satchel config ls shows each value and where it came from. Keys never go into this file.

        # The account that is meant when none is named. local is this machine's own store.
        #default_account: local

        \(keyLine)
        #accounts:
        #  lab:
        #    kind: openai-compatible
        #    base_url: http://127.0.0.1:8080/v1
        #    key_env: LAB_API_KEY

        # Which files. Patterns as in .gitignore, quoted when they start with * or !
        #include: []
        #exclude: []
        #hidden: false
        #gitignore: true
        #max_file_size: 10MB

        # How long remote copies are wanted: a duration, 0 (the shortest the provider has) or never.
        #ttl: 24h
        # on-use uploads again what expired when it is needed; always keeps it alive while satchel watch runs.
        #renew: on-use
        # eager sends files with a sync; on-reference with the first chat that refers to them.
        #upload: eager
        # A copy counts as stale so long before it expires.
        #safety_margin: 10m
        # What nothing refers to any more is deleted after this time.
        #keep_unreferenced: 24h
        # When an account is full: stop, or evict what was unused for longest.
        #when_full: stop
        # What .satchel/objects keeps so that chats can be shown a version again after the file has changed.
        #keep:
        #  max_file_size: 50MB
        #  max_total: 2GB

        # A sync that would delete more files than count, and more than percent of them, stops and asks.
        #max_deletes:
        #  count: 10
        #  percent: 10

        # Secrets in what is about to leave: fingerprints that may, as sync tells them, and what else counts as one.
        #gate:
        #  allow: []
        #  patterns: []

        # How often a request that failed for a passing reason is sent again.
        #retries: 2
        # Uploads that run side by side. Without this line: what suits the provider.
        #parallel_uploads: 8

        # satchel watch acts after so long without a change, at the latest after cap; cleanup: 0 for never.
        #watch:
        #  quiet: 250ms
        #  cap: 3s
        #  delete_hold: 1s
        #  rescan: 30m
        #  cleanup: 24h
        #  poll: 30s

        # Chats: who answers, with which model, told what first.
        #chat:
        #  account: local
        #  model: ""
        #  system: ""
        #  tools: true
        #  # What has changed since a thread was shown it: follow shows it again, pin keeps to what was shown.
        #  versions: follow
        #  # The most that chat --auto chooses for a question.
        #  auto_tokens: 30000
        #  auto_files: 8
        #  auto_cost: 0.05
        #  idle_timeout: 10m
        #  citations: true

        # Pictures: who makes them, when it is not who answers chats, and with which model.
        #image:
        #  account: local
        #  model: ""

        # Paths and globs of files that every thread is shown with its first question.
        #pin: \(pinned)

        """
}

/// Patterns for the files of a workspace's top folder that say what it is about: the read-me first, then manifests.
///
/// - Parameter names: of the entries of the top folder, in any order.
/// - Returns: patterns that match these files in the top folder only.
package func proposedPins(among names: some Sequence<String>) -> [String] {
    let names = Set(names.filter { !$0.contains { "*?[\\".contains($0) } })
    let readMes = names.filter { $0.lowercased() == "readme" || $0.lowercased().hasPrefix("readme.") }.sorted()
    let manifests = [
        "Package.swift", "package.json", "pyproject.toml", "setup.py", "Cargo.toml", "go.mod", "pom.xml",
        "build.gradle", "build.gradle.kts", "composer.json", "Gemfile", "mix.exs", "CMakeLists.txt", "Makefile",
    ]
    return (readMes.prefix(1) + manifests.filter(names.contains)).map { "/" + $0 }
}

/// A file name as a double-quoted YAML scalar.
private func quoted(_ text: String) -> String {
    var result = "\""
    for scalar in text.unicodeScalars {
        switch scalar {
        case "\"", "\\": result += "\\\(scalar)"
        default:
            guard scalar.value < 0x20 || (0x7f...0x9f).contains(scalar.value) else {
                result.unicodeScalars.append(scalar)
                continue
            }
            let digits = String(scalar.value, radix: 16)
            result += "\\x" + (digits.count == 1 ? "0" : "") + digits
        }
    }
    return result + "\""
}
