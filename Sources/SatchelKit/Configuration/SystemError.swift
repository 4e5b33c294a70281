internal import Glibc

/// `permission denied` for an error number.
func systemError(_ number: Int32) -> String { String(cString: strerror(number)).lowercased() }
