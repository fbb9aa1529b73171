package import CLIPEngine
internal import Foundation

/// What the API's document says of this server in particular: its limits, and what it asks of clients.
package struct DocumentFacts: Sendable {
    package var version: String
    package var maxBatch: Int
    package var maxTexts: Int
    package var maxBodyBytes: Int
    /// The longest that a request may take.
    package var requestTime: Duration
    package var defaultModel: String
    /// Whether a request has to have a key.
    package var asksForKeys: Bool
    /// Whether one that changes the server has to have a key of its own.
    package var asksForManagementKeys: Bool

    package init(engine: EmbeddingEngine, configuration: ServerConfiguration, version: String) {
        self.version = version
        maxBatch = engine.maxBatch
        maxTexts = engine.maxTexts
        maxBodyBytes = configuration.maxBodyBytes
        requestTime = configuration.requestTimeLimit
        defaultModel = engine.defaultModel
        asksForKeys = !configuration.apiKeys.isEmpty
        asksForManagementKeys = !configuration.managementKeys.isEmpty
    }

    /// What stands for a place such as `{maxBatch}` in a text of the document.
    var words: [(place: String, word: String)] {
        numbers.map { ($0.place, String($0.number)) } + [
            ("{version}", version), ("{defaultModel}", defaultModel),
            ("{requestSeconds}", APIError.seconds(requestTime)),
            ("{picture}", Self.base64(PackageResources.example_cat_webp)),
            ("{otherPicture}", Self.base64(PackageResources.example_truck_webp)),
        ]
    }

    private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// What stands where a place is the whole text, and a number belongs there.
    var numbers: [(place: String, number: Int)] {
        [("{maxBatch}", maxBatch), ("{maxTexts}", maxTexts), ("{maxBodyBytes}", maxBodyBytes)]
    }
}
