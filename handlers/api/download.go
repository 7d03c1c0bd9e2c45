package api

// SheetView is a file of a table.
type SheetView struct {
	Kind string
	Body []byte
}

// File makes it be sent as it is.
func (v SheetView) File() (contentType string, body []byte) { return v.Kind, v.Body }

// The media types of downloads.
const (
	CsvKind  = "text/csv; charset=utf-8"
	XlsxKind = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

	TemplateRows  = 5000 // rows of a sheet that are formatted
	TemplateSheet = "数据"
	ValuesSheet   = "字典"
)

// Download is a file of one's own.
type Download struct {
	Kind string
	Body []byte
}

// File implements File.
func (d Download) File() (string, []byte) { return d.Kind, d.Body }
