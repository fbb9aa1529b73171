/// Names of fields in queries and forms.
enum FieldName {
    /// Whether a field of this name may be one of ours.
    ///
    /// Names are compared as texts, which takes long where they are long and odd; what is so long is no field of ours.
    static func isShort(_ name: String) -> Bool { name.utf8.count <= longest }

    private static let longest = 64
}
