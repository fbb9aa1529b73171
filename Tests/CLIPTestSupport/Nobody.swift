import Foundation

/// Runs a body that may do with files what users may who are none of their owners; whoever is no such user anyway runs it as it is.
///
/// Root's rights are taken from this thread alone (setfsuid(2)), so the body has to do all of it here.
package func asNobody<Value>(_ body: () throws -> Value) throws -> Value {
    #if os(Linux)
    guard geteuid() == 0 else { return try body() }
    typealias SetUser = @convention(c) (UInt32) -> Int32
    guard let symbol = dlsym(nil, "setfsuid") else { throw CocoaError(.featureUnsupported) }
    let setUser = unsafeBitCast(symbol, to: SetUser.self)
    _ = setUser(65534)
    defer { _ = setUser(0) }
    #endif
    return try body()
}
