internal import Glibc

/// A configuration file as it was read, with what matters about who may read it.
package struct ConfigurationFile: Hashable, Sendable {
    package var bytes: [UInt8]
    /// True when nobody but its owner may read or write it (mode 0600 or less).
    package var isPrivate: Bool

    package init(bytes: [UInt8], isPrivate: Bool) {
        self.bytes = bytes
        self.isPrivate = isPrivate
    }

    /// Larger files are refused: a megabyte of settings is a mistake.
    package static let sizeLimit = 1 << 20
}

/// Why a configuration file could not be read, as a sentence part.
package struct UnreadableConfiguration: Error, Hashable, Sendable {
    package var reason: String

    package init(_ reason: String) { self.reason = reason }

    static let tooLarge = UnreadableConfiguration("it is larger than 1 MiB; a configuration is a few lines")
}

/// Reads the configuration file at `path`; nil when there is none.
///
/// This is the only place where configuration touches the disk. A pipe in its place is refused rather than waited for.
package func readConfigurationFile(_ path: String) throws(UnreadableConfiguration) -> ConfigurationFile? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    guard descriptor >= 0 else {
        if errno == ENOENT || errno == ENOTDIR { return nil }
        throw UnreadableConfiguration(systemError(errno))
    }
    defer { close(descriptor) }
    var status = stat()
    guard fstat(descriptor, &status) == 0 else {
        throw UnreadableConfiguration(systemError(errno))
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG, S_IFCHR: break
    case S_IFDIR: throw UnreadableConfiguration("it is a folder")
    default: throw UnreadableConfiguration("it is not a file")
    }
    let bytes = try read(descriptor, atMost: ConfigurationFile.sizeLimit)
    return ConfigurationFile(bytes: bytes, isPrivate: status.st_mode & 0o077 == 0)
}

private func read(_ descriptor: Int32, atMost limit: Int) throws(UnreadableConfiguration) -> [UInt8] {
    var bytes: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 64 << 10)
    while true {
        let count = Glibc.read(descriptor, &buffer, buffer.count)
        if count < 0, errno == EINTR { continue }
        guard count >= 0 else { throw UnreadableConfiguration(systemError(errno)) }
        if count == 0 { return bytes }
        bytes += buffer.prefix(count)
        guard bytes.count <= limit else {
            throw UnreadableConfiguration.tooLarge
        }
    }
}
