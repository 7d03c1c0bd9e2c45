package api

import ()

type WordsRequest struct {
	ZH string `json:"zh" validate:"required"`
	EN string `json:"en" validate:"required"`
}

type WordsView struct {
	ZH string `json:"zh"`
	EN string `json:"en"`
}

type FormTitle struct {
	ZH string `json:"zh" validate:"required,max=120"`
	EN string `json:"en" validate:"required,max=120"`
}
