/// All settings of a server, as `clip serve --print-config` shows them.
package struct SettingList {
    private let settings: [Setting]

    /// - Parameter settings: the settings in any order.
    package init(_ settings: [Setting]) {
        self.settings = settings.sorted { $0.name < $1.name }
    }

    /// One row a setting: flag or variable, value, and what set it.
    package var text: String {
        let rows = settings.map { [$0.name, $0.value.text, $0.origin] }
        return Columns.aligned([["setting", "value", "from"]] + rows).joined(separator: "\n")
    }

    /// One JSON object.
    package var json: String {
        "{\"settings\":[" + settings.map(\.json).joined(separator: ",") + "]}"
    }
}
