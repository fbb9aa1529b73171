/// Waits until something has come about that nobody announces, such as a counter's value.
///
/// It looks a hundred times a second, so that those who bring it about have the processor.
///
/// - Throws: ``NotInTime`` after `limit`, and what the condition throws.
public func eventually(
    within limit: Duration = .seconds(30),
    isolation: isolated (any Actor)? = #isolation,
    _ condition: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while try await !condition() {
        guard ContinuousClock.now < deadline else { throw NotInTime() }
        try await Task.sleep(for: .milliseconds(10))
    }
}

/// What was waited for did not come about.
public struct NotInTime: Error {}
