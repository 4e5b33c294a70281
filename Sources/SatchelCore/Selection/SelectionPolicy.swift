/// Which files of a workspace are to be kept in step, as the configuration says it.
package struct SelectionPolicy: Hashable, Sendable {
    /// Globs in gitignore syntax with the place they stand at; when there are any, a file must match one of them.
    package var include: [SelectionRule] = []
    /// Globs in gitignore syntax, applied after all ignore files and final.
    package var exclude: [SelectionRule] = []
    /// Whether names that start with a dot are taken.
    package var includesHidden = false
    /// Whether `.gitignore`, `.git/info/exclude` and the global git excludes count.
    ///
    /// `.ignore` and `.satchelignore` always do.
    package var respectsGitignore = true
    /// Larger files are skipped with that reason before they are read.
    package var maxFileSize: ByteCount = .mebibytes(10)

    package init() {}
}
