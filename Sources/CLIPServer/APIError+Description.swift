extension APIError: CustomStringConvertible {
    /// A sentence for tests and logs: what the sender is told.
    package var description: String { "The answer is \(status), \(String(decoding: body, as: UTF8.self))." }
}
