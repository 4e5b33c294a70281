internal import Dispatch
internal import SatchelCore

extension AccountConfiguration {
    /// The account's key: the first of its variables that is set, else what its command prints, else the literal one;
    /// nil where an `openai-compatible` server needs none.
    ///
    /// - Parameter environment: the process's variables, handed on to the command.
    /// - Returns: the key.
    /// - Throws: ``KeyError`` when there should be a key and is none, and when an untrusted workspace says what to run for
    ///   it or where to send it, or files without one.
    package func resolveKey(environment: [String: String]) async throws(KeyError) -> ResolvedKey? {
        if kind == .local { return nil }
        if let distrust { throw distrust }
        for variable in keyEnvironment {
            guard let text = environment[variable], !text.isEmpty else { continue }
            guard let key = ResolvedKey(text) else {
                throw KeyError(
                    "account \(name): \(variable) holds no key; it must be printable characters without spaces"
                )
            }
            return key
        }
        if let keyCommand {
            return try await keyCommand.key(for: name, environment: environment)
        }
        if let literalKey { return literalKey }
        if kind == .openaiCompatible, keyEnvironment.isEmpty { return nil }
        let variables = keyEnvironment.joined(separator: " or ")
        throw KeyError("account \(name): there is no key; set \(variables), or key_command in your configuration")
    }
}

extension KeyCommand {
    /// Runs the command and takes what it prints as the key.
    ///
    /// Its standard error is the user's terminal, so that a password prompt is seen; it gets no standard input. Nothing
    /// of what it prints is repeated in an error.
    ///
    /// - Parameters:
    ///   - account: whose key it is, for error texts.
    ///   - environment: the command's variables; `PATH` finds the program.
    ///   - timeout: after this long it is killed.
    /// - Returns: the key.
    /// - Throws: ``KeyError`` when the command fails, hangs or prints anything but a key.
    package func key(
        for account: String,
        environment: [String: String],
        timeout: Duration = .seconds(30)
    ) async throws(KeyError) -> ResolvedKey {
        let arguments =
            switch self {
            case .arguments(let arguments): arguments
            case .shell(let line): ["/bin/sh", "-c", line]
            }
        // It waits for another program, so it stays off the cooperative pool.
        let outcome: Result<[UInt8], CommandFailure> = await withCheckedContinuation { continuation in
            DispatchQueue(label: "satchel.key-command").async {
                let result = Result { () throws(CommandFailure) in
                    try output(of: arguments, environment: environment, timeout: timeout)
                }
                continuation.resume(returning: result)
            }
        }
        let printed: [UInt8]
        do throws(CommandFailure) {
            printed = try outcome.get()
        } catch {
            throw KeyError("account \(account): key_command \(error.reason)", mayPass: true)
        }
        guard let text = String(validating: printed, as: UTF8.self), let key = ResolvedKey(text) else {
            throw KeyError("account \(account): key_command must print the key and nothing else on one line")
        }
        return key
    }
}
