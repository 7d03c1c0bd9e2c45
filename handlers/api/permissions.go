package api

import (
	"xinyi/models"
)

// An Action is what a route does, in the field's words: "medical.bills.pay".
type Action string

// Permissions is the whole table of who may do what. A route names its action (May); an action that is not here
// cannot be routed, a row no route uses fails a test, and the documentation page shows the table as it stands.
// Scope comes on top: a resident sees what is theirs, a partner's system its own organisation, staff their region.
var Permissions = map[Action][]models.Role{
	"identity.me.read":          {models.Resident},
	"identity.me.bind":          {models.Resident},
	"identity.sessions.read":    {models.Resident},
	"identity.sessions.end":     {models.Resident},
	"identity.mandates.own":     {models.Resident},
	"identity.mandates.approve": {models.TownStaff, models.CreditOffice},
	"staff.appoint":             {models.CreditOffice, models.Operator},
	"clients.manage":            {models.CreditOffice, models.Operator},

	"medical.agreements.read":   {models.Resident},
	"medical.agreements.sign":   {models.Resident},
	"medical.code":              {models.Resident},
	"medical.bills.mine":        {models.Resident},
	"medical.bills.pay":         {models.Resident},
	"medical.his":               {models.Hospital},
	"medical.bills.list":        {models.HospitalFinance, models.CountyHealth, models.Auditor},
	"medical.bills.waive":       {models.HospitalFinance, models.CountyHealth},
	"medical.disputes.decide":   {models.CountyHealth},
	"medical.agreements.list":   {models.CountyHealth, models.Auditor},
	"medical.agreements.decide": {models.CountyHealth},
	"medical.conducts.decide":   {models.CountyHealth},
	"medical.ledger.read":       {models.CreditOffice, models.Auditor, models.Operator},

	"inbox.read":         {models.Resident},
	"inbox.change":       {models.Resident},
	"events.dead.read":   {models.Operator},
	"events.dead.decide": {models.Operator},

	"identity.me.leave":    {models.Resident},
	"delivery.mine":        {models.Resident},
	"delivery.devices":     {models.Resident},
	"delivery.preferences": {models.Resident},
	"delivery.staff":       {models.Operator, models.CountyHealth, models.CreditOffice, models.Auditor},
	"delivery.replay":      {models.Operator},

	"campaigns.read":  {models.CreditOffice, models.TownStaff, models.Auditor},
	"campaigns.write": {models.CreditOffice, models.TownStaff},

	"webhooks.own":  {models.Hospital, models.Bank, models.Provider, models.Department},
	"webhooks.read": {models.Hospital, models.Bank, models.Provider, models.Department, models.Operator},

	"audit.mine": {models.Resident, models.Business},
	"audit.seal": {models.Auditor, models.Operator},

	"decisions.list":  {models.Resident, models.Business, models.CountyHealth, models.CreditOffice, models.Auditor},
	"decisions.mine":  {models.Resident, models.Business},
	"decisions.queue": {models.CountyHealth, models.CreditOffice},
	"recalls.own":     {models.Bank, models.Provider, models.Hospital, models.Department, models.Business},
	"recalls.overdue": {models.CreditOffice, models.Auditor},
	"recalls.mine":    {models.Resident, models.Business},

	"consents.own":      {models.Resident, models.Business},
	"consents.ask":      {models.Bank, models.Provider, models.Department},
	"consents.partners": {models.CreditOffice},
	"records.query":     {models.Bank, models.Provider, models.Department},
	"records.lookup":    {models.CreditOffice, models.CountyHealth, models.TownStaff},
	"accesses.own":      {models.Resident, models.Business},
	"accesses.audit":    {models.Auditor},

	"file.read":          {models.Resident, models.Business},
	"organisations.mine": {models.Resident},
	"records.read":       {models.Department, models.DataOfficer, models.CreditOffice, models.Auditor},
	"records.write":      {models.Department, models.DataOfficer},
	"records.reschedule": {models.CreditOffice},

	"benefits.mine":    {models.Resident, models.Business},
	"benefits.approve": {models.CreditOffice},
	"benefits.decide":  {models.CreditOffice},
	"benefits.metrics": {models.CreditOffice, models.Auditor},
	"offers.write":     {models.Provider, models.Bank, models.Hospital, models.Department},
	"offers.redeem":    {models.Provider, models.Bank, models.Hospital, models.Department},

	"farm.mine":      {models.Resident},
	"farm.write":     {models.VillageStaff, models.TownStaff},
	"farm.read":      {models.VillageStaff, models.TownStaff, models.CreditOffice, models.Auditor},
	"farm.certify":   {models.TownStaff},
	"farm.appeals":   {models.CreditOffice},
	"farm.layouts":   {models.TownStaff, models.CreditOffice},
	"farm.office":    {models.CreditOffice},
	"farm.models":    {models.CreditOffice},
	"farm.packages":  {models.Bank},
	"loans.mine":     {models.Resident, models.Business},
	"loans.bank":     {models.Bank},
	"loans.metrics":  {models.CreditOffice, models.Auditor},
	"loans.lists":    {models.Department},
	"farm.tell":      {models.Department, models.Bank},
	"farm.overdue":   {models.CreditOffice, models.Auditor},
	"notices.object": {models.Resident},
	"notices.answer": {models.TownStaff, models.CreditOffice},

	"village.schemes":     {models.CreditOffice},
	"village.rounds":      {models.CreditOffice},
	"village.statistics":  {models.CreditOffice, models.Auditor},
	"village.apply":       {models.VillageStaff, models.TownStaff},
	"village.read":        {models.VillageStaff, models.TownStaff, models.CreditOffice, models.Auditor},
	"village.score":       {models.TownStaff, models.CreditOffice},
	"village.evidence":    {models.VillageStaff, models.TownStaff, models.CreditOffice},
	"village.vote":        {models.TownStaff, models.CreditOffice},
	"village.decide":      {models.CreditOffice},
	"village.survey":      {models.Resident},
	"village.figures":     {models.Bank},
	"village.rows":        {models.Auditor},
	"awards.office":       {models.CreditOffice},
	"awards.read":         {models.CreditOffice, models.Auditor},
	"nominations.make":    {models.Resident, models.Business, models.VillageStaff, models.TownStaff, models.CreditOffice, models.Department, models.DataOfficer},
	"nominations.mine":    {models.Resident, models.Business},
	"nominations.desk":    {models.CreditOffice, models.Auditor, models.Department, models.DataOfficer},
	"nominations.opinion": {models.Department, models.DataOfficer},
	"nominations.score":   {models.Resident},
	"votes.cast":          {models.Resident},
	"honours.mine":        {models.Resident, models.Business},
	"measures.own":        {models.Department, models.DataOfficer},

	"credentials.mine": {models.Resident, models.Business},
	"practice.write":   {models.DataOfficer, models.Department, models.TownStaff, models.CreditOffice, models.CountyHealth, models.Provider},
	"practice.read":    {models.DataOfficer, models.Department, models.TownStaff, models.CreditOffice, models.CountyHealth, models.Provider, models.Auditor},
	"practice.decide":  {models.CreditOffice},
	"practice.watch":   {models.CreditOffice, models.Auditor},
	"practice.score":   {models.Resident},

	"catalogue.read":  {models.CreditOffice, models.DataOfficer, models.Auditor},
	"catalogue.write": {models.CreditOffice},
	"uscc.read":       {models.CreditOffice, models.DataOfficer, models.Auditor},
	"uscc.scan":       {models.CreditOffice},
	"uscc.assign":     {models.CreditOffice},
	"uscc.correct":    {models.CreditOffice, models.DataOfficer},

	"batches.write": {models.Department, models.DataOfficer},
	"batches.read":  {models.Department, models.DataOfficer, models.CreditOffice, models.Auditor},
	"batches.rows":  {models.Department, models.DataOfficer},

	"erasure.mine": {models.Resident},
	"reports.mine": {models.Resident, models.Business},
	"export.mine":  {models.Resident, models.Business},
	"cases.mine":   {models.Resident, models.Business},
	"cases.desk":   {models.CreditOffice, models.DataOfficer, models.Department, models.TownStaff, models.CountyHealth, models.Auditor},
	"cases.decide": {models.CreditOffice, models.DataOfficer, models.Department, models.TownStaff, models.CountyHealth},
	"cases.assist": {models.CreditOffice, models.TownStaff},
	"cases.answer": {models.DataOfficer, models.Department},
}
