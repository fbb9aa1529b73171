/// The parts of the API's document that people write.
enum DocumentParts {
    /// In the order in which readers meet them.
    static let all: [(name: String, bytes: [UInt8])] = [
        ("overview", PackageResources.overview_json),
        ("roboflow", PackageResources.roboflow_json),
        ("roboflow-schemas", PackageResources.roboflow_schemas_json),
        ("classification", PackageResources.classification_json),
        ("openai", PackageResources.openai_json),
        ("tei", PackageResources.tei_json),
        ("weaviate", PackageResources.weaviate_json),
        ("kserve", PackageResources.kserve_json),
        ("operations", PackageResources.operations_json),
        ("pages", PackageResources.pages_json),
    ]
}
