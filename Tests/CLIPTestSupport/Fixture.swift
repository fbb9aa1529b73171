public import Foundation

/// A committed test file: an input, or what the reference implementation made of it.
///
/// Everything below `Fixtures/` is written by `Scripts/make-goldens.py`; `MANIFEST.json` beside it holds hashes, seeds
/// and the versions of the reference implementations.
public enum Fixture {
    /// Where a fixture lies, by its path below `Fixtures/`, such as `"imaging/cases.json"`.
    public static func url(_ path: String) -> URL {
        Bundle.module.bundleURL.appendingPathComponent("Fixtures").appendingPathComponent(path)
    }

    /// A fixture's bytes.
    ///
    /// A missing fixture throws, and so fails the test that wanted it.
    public static func bytes(_ path: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: url(path)))
    }

    /// A fixture read as JSON.
    public static func decode<Value: Decodable>(_ type: Value.Type, from path: String) throws -> Value {
        try JSONDecoder().decode(type, from: Data(contentsOf: url(path)))
    }
}
